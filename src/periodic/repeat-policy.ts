import type { RepeatPolicy } from '../delivery/outcome-of.js';
import { type Alarm, isSameState } from '../domain/alarm.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** Repeats of one period wait on one topic. */
export interface PeriodTopic {
  readonly periodMs: number;
  readonly topic: string;
}

/**
 * Whether the engine repeats this alarm at all: only what is in state ALARM, and only where the source does not do so itself, because a
 * timer has one owner.
 */
export function isRepeated({ newState, rawAlarm }: Pick<Alarm, 'newState' | 'rawAlarm'>): boolean {
  if (!isSameState(newState, 'ALARM')) return false;
  const { kind, source } = JSON.parse(rawAlarm) as { kind?: unknown; source?: { type?: unknown } | null };
  return kind !== 'repeat' && source?.type !== 'alert-exec';
}

/**
 * The first time of the row `fromMs`, `fromMs` + period, … that is at least half a period after `notBeforeMs`, in epoch milliseconds.
 *
 * So repeats do not drift, however long a send takes; and what was missed during a long gap is told once.
 */
export function nextDueAtMs(fromMs: number, periodMs: number, notBeforeMs: number): number {
  const count = Math.ceil((notBeforeMs - fromMs) / periodMs + 0.5);
  return fromMs + Math.max(1, count) * periodMs;
}

/** The policy of `kafka.periodic`. Empty `topics`: repeats are off. A method with a period that has no topic is told of, each time. */
export function repeatPolicy(topics: readonly PeriodTopic[], telemetry: Telemetry): RepeatPolicy {
  const topicOf = new Map(topics.map(({ periodMs, topic }) => [periodMs, topic]));
  return {
    next({ alarm, method, dueAtMs, digest }, nowMs, askedMs) {
      const { id, periodMs } = method;
      if (digest !== undefined || periodMs === 0 || topicOf.size === 0 || !isRepeated(alarm)) return undefined;
      const topic = topicOf.get(periodMs);
      if (topic === undefined) {
        telemetry.event('period_without_topic', { method_id: id, period_seconds: periodMs / 1000 });
        return undefined;
      }
      return { topic, dueAtMs: nextDueAtMs(dueAtMs ?? nowMs, periodMs, nowMs + askedMs) };
    },
  };
}
