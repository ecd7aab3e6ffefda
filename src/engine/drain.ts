import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const lookMs = 20;
const complainMs = 5_000;

export interface DrainOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly deadlineMs: number;
  /** With an outside system away and no progress for so long, waiting on helps nobody; nor does progress by time-outs for twice as long. */
  readonly patienceMs: number;
  unfinishedCount(): number;
  /** Outside systems that do not answer, in words; a drain that gets nowhere then ends early. */
  away(): readonly string[];
  /** Who still holds how many, for the log. */
  waiting(): Readonly<Record<string, unknown>>;
}

/**
 * Waits until nothing is under way.
 *
 * 'drained' when all is finished. 'cut_short' at the deadline, when `force` aborts, or when nothing moves while something outside is away:
 * what is unfinished then stays uncommitted, so it is told again and not lost.
 */
export async function drain(options: DrainOptions, force: AbortSignal): Promise<'drained' | 'cut_short'> {
  const { clock, patienceMs } = options;
  const startedAtMonoMs = clock.monoMs();
  let complainedAtMonoMs = startedAtMonoMs;
  let leastCount = options.unfinishedCount();
  let movedAtMonoMs = startedAtMonoMs;
  for (;;) {
    const count = options.unfinishedCount();
    if (count === 0) return 'drained';
    const nowMonoMs = clock.monoMs();
    if (count < leastCount) movedAtMonoMs = nowMonoMs;
    leastCount = Math.min(leastCount, count);
    const isSlow = nowMonoMs - movedAtMonoMs > patienceMs || nowMonoMs - startedAtMonoMs > 2 * patienceMs;
    const isHopeless = isSlow && options.away().length > 0;
    if (force.aborted || isHopeless || nowMonoMs - startedAtMonoMs > options.deadlineMs) {
      options.telemetry.event('stop_forced', { unfinished: count, away: options.away() });
      return 'cut_short';
    }
    if (nowMonoMs - complainedAtMonoMs > complainMs) {
      complainedAtMonoMs = nowMonoMs;
      options.telemetry.event('stop_slow', { unfinished: count, waiting: options.waiting() });
    }
    await clock.sleep(lookMs, force);
  }
}
