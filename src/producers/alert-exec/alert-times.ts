import { gridAfter } from '../fixed-rate.js';

/** The ticks of the program: `startMonoMs` and every `tickMs` after it. */
export interface Ticks {
  readonly startMonoMs: number;
  readonly tickMs: number;
}

/** Sums of fractions: so much too late is still the same tick. */
const grain = 1e-9;

/**
 * When an alert is evaluated: in the first tick at or after each of its due times `dueMonoMs + k × intervalMs`, and `shareMs` into that.
 *
 * The result is the first such time strictly after `monoMs`.
 */
export function evaluationAfter(
  { startMonoMs, tickMs }: Ticks,
  alert: { readonly dueMonoMs: number; readonly intervalMs: number; readonly shareMs: number },
  monoMs: number,
): number {
  const timeOf = (count: number) => {
    const dueMs = alert.dueMonoMs - startMonoMs + count * alert.intervalMs;
    return startMonoMs + Math.ceil(dueMs / tickMs - grain) * tickMs + alert.shareMs;
  };
  if (alert.intervalMs <= tickMs) return gridAfter(timeOf(0), tickMs, monoMs);
  const before = Math.floor((monoMs - alert.shareMs - tickMs - alert.dueMonoMs) / alert.intervalMs);
  for (let count = Math.max(0, before); ; count += 1) if (timeOf(count) > monoMs) return timeOf(count);
}

/** More evaluations per second are not begun where the intervals leave time: a burst makes all of them late. */
const startsPerMs = 0.25;

/**
 * How far into its tick each alert is evaluated: alert j of a group with n alerts at `j × span / (n + 1)`.
 *
 * The span is a tick; it is longer when more than 250 alerts per second would begin, but no longer than the shortest interval.
 */
export function sharesOf(intervalsMs: readonly number[], groupCount: number, tickMs: number): readonly number[] {
  const shortestMs = intervalsMs.reduce((least, intervalMs) => Math.min(least, intervalMs), Number.POSITIVE_INFINITY);
  const spanMs = Math.max(tickMs, Math.min(intervalsMs.length / startsPerMs, shortestMs));
  return intervalsMs.map((_, index) => {
    const group = index % groupCount;
    const size = Math.ceil((intervalsMs.length - group) / groupCount);
    return (Math.floor(index / groupCount) * spanMs) / (size + 1);
  });
}
