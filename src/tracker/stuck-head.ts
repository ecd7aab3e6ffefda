import { type AlarmPosition, partitionText } from '../domain/position.js';
import type { OffsetTracker } from '../ports/progress.js';
import { partitionLabels } from '../telemetry/partition-labels.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** A first unfinished alarm that is older than it should be. */
export interface StuckHead {
  readonly position: AlarmPosition;
  readonly ageMs: number;
}

/** The heads of the open partitions, but those of `patient` topics, that were begun more than `olderThanMs` ago. Tells, and never skips. */
export function stuckHeads(
  tracker: Pick<OffsetTracker, 'openPartitions' | 'oldestUnfinished'>,
  olderThanMs: number,
  nowMonoMs: number,
  isPatient: (topic: string) => boolean = () => false,
): readonly StuckHead[] {
  const stuck: StuckHead[] = [];
  for (const partition of tracker.openPartitions()) {
    if (isPatient(partition.topic)) continue;
    const head = tracker.oldestUnfinished(partition);
    if (head === undefined) continue;
    const ageMs = nowMonoMs - head.begunAtMonoMs;
    if (ageMs > olderThanMs) stuck.push({ position: { ...partition, offset: head.offset }, ageMs });
  }
  return stuck;
}

/** Says it once when a partition's head becomes stuck, and once when it moves on. */
export class StuckHeadWatch {
  readonly #telemetry: Telemetry;
  #stuck = new Map<string, AlarmPosition>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  saw(heads: readonly StuckHead[]): void {
    const stuck = new Map(heads.map((head) => [partitionText(head.position), head.position]));
    for (const { position, ageMs } of heads) {
      if (this.#stuck.get(partitionText(position))?.offset === position.offset) continue;
      this.#telemetry.event('head_stuck', { ...position, age_seconds: Math.round(ageMs / 1000) });
      this.#telemetry.gauge('stuck_head', 1, partitionLabels(position));
    }
    for (const [partition, position] of this.#stuck) {
      if (stuck.has(partition)) continue;
      this.#telemetry.event('head_moved', { ...position });
      this.#telemetry.gauge('stuck_head', 0, partitionLabels(position));
    }
    this.#stuck = stuck;
  }
}
