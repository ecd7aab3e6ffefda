import type { AlarmStatus } from '../domain/alarm-status.js';

/** What those who are told of an alarm believe. */
export interface Announced {
  /** The last status that was certainly taken. */
  readonly status: AlarmStatus;
  /** An attempt whose end is not known may have told this instead; the same as `status` after such a repeat. */
  readonly maybe: AlarmStatus | undefined;
  /** Since when the repeat timer runs, monotonic milliseconds; undefined before the first announcement. */
  readonly sinceMonoMs: number | undefined;
  /** When the announcement that was accepted last was really sent. */
  readonly sentMonoMs: number;
}

/** Planned times are sums of fractions: half a millisecond too little is exactly the interval. */
const grainMs = 0.5;
/** So much earlier than its interval a repeat may really be sent, when looks of our own are late by different times. */
const earlyMs = 500;

/**
 * What is to be told now, if anything.
 *
 * A change is told at once. What fires is told again when a whole repeat interval has passed, decided at the time of a look: between the
 * times that were planned, and all but half a second of it really, so that a program that was late once does not repeat too early. An end is
 * told only to who may have heard of the beginning. After an attempt whose end is not known the present status is told, whatever it is.
 */
export function nextAnnouncement(
  announced: Announced,
  observed: AlarmStatus,
  at: { readonly scheduledMonoMs: number; readonly nowMonoMs: number },
  repeatMs: number | undefined,
): 'nothing' | 'transition' | 'repeat' {
  if (observed !== announced.status) return 'transition';
  if (announced.maybe !== undefined) return announced.maybe === observed ? 'repeat' : 'transition';
  if (repeatMs === undefined || announced.sinceMonoMs === undefined) return 'nothing';
  const isFiring = observed === 'WARNING' || observed === 'CRITICAL';
  const isDue = at.scheduledMonoMs - announced.sinceMonoMs >= repeatMs - grainMs;
  return isFiring && isDue && at.nowMonoMs - announced.sentMonoMs >= repeatMs - earlyMs ? 'repeat' : 'nothing';
}

/** The status before this one for a message: what was told last, or may have been. */
export function statusBefore(announced: Announced, status: AlarmStatus): AlarmStatus {
  return announced.status === status ? (announced.maybe ?? announced.status) : announced.status;
}
