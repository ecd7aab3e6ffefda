import { type AlarmPosition, partitionText, positionText, type TopicPartition } from '../domain/position.js';

export type Role = 'starting' | 'standby' | 'active' | 'stopping';

export const systemNames = ['kafka', 'zookeeper', 'mysql'] as const;
export type SystemName = (typeof systemNames)[number];

/** When an outside system last answered, 0 for never, and what went wrong since. */
export interface SystemAnswer {
  readonly answeredAtMonoMs: number;
  readonly failure?: string;
}

export interface ReadinessFacts {
  readonly role: Role;
  readonly systems: Readonly<Record<SystemName, SystemAnswer>>;
  readonly nowMonoMs: number;
  /** Why else the engine cannot do its work, such as an absent topic. */
  readonly obstacles: readonly string[];
  /** Partitions that are not read until an operator decides. */
  readonly halted: readonly TopicPartition[];
  readonly stuckHeads: readonly AlarmPosition[];
  /** What an operator should know although the engine does its work, such as a mail relay that is away. */
  readonly notes: readonly string[];
}

/** `reasons` is empty when and only when `ready`. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}

const answerAgeLimitMs = 10_000;

/**
 * Whether the engine does what it is there for, and why not.
 *
 * Ready is an engine that is active or stands by, while Kafka, ZooKeeper and MySQL have each answered within the last 10 s. A stuck head or
 * a receiver that is away is a note: the engine goes on around it. Source: interface of the admin endpoint in deploy/OPERATIONS.md.
 */
export function readiness(facts: ReadinessFacts): Readiness {
  const reasons = [
    ...(facts.role === 'starting' || facts.role === 'stopping' ? [`the engine is ${facts.role}`] : []),
    ...systemNames.flatMap((name) => silence(name, facts.systems[name], facts.nowMonoMs)),
    ...facts.obstacles,
    ...facts.halted.map((partition) => `halted ${partitionText(partition)}: set its position with offsets set`),
  ];
  const notes = [...facts.stuckHeads.map((position) => `stuck_head ${positionText(position)}`), ...facts.notes];
  return { ready: reasons.length === 0, reasons, notes };
}

function silence(name: SystemName, { answeredAtMonoMs, failure }: SystemAnswer, nowMonoMs: number): readonly string[] {
  const ageMs = nowMonoMs - answeredAtMonoMs;
  const isNever = answeredAtMonoMs === 0;
  if (!isNever && ageMs <= answerAgeLimitMs) return [];
  const since = isNever ? 'has not answered yet' : `has not answered for ${Math.floor(ageMs / 1000)} s`;
  return [failure === undefined ? `${name} ${since}` : `${name} ${since}: ${failure}`];
}
