import type { Alarm } from '../domain/alarm.js';
import type { Offset } from '../domain/position.js';
import type { SeenOutcome } from './outcome-watch.js';

/** How the whole alarm ended, for scripts; the texts are for people. */
export interface Verdict {
  readonly result:
    | 'all_sent'
    | 'digested'
    | 'not_all_sent'
    | 'no_methods'
    | 'disabled'
    | 'expired'
    | 'malformed'
    | 'timed_out';
  readonly text: string;
}

export interface Ended {
  readonly isFinished: boolean;
  readonly seen: readonly SeenOutcome[];
  readonly alarm: Alarm | undefined;
  readonly offset: Offset;
  /** Undefined: nothing is stored yet. */
  readonly committed: Offset | undefined;
  readonly nowMs: number;
  readonly alarmTtlMs: number | undefined;
  readonly waitedMs: number;
  /** Methods that are told of this alarm in a digest, which leaves no record of its own; 0 also where nobody could be asked. */
  readonly digestCount: number;
}

/** Sums up what was seen of an alarm, and says what to check when not everybody was told. */
export function verdictOf(ended: Ended): Verdict {
  const last = [...new Map(ended.seen.map((outcome) => [outcome.id, outcome])).values()];
  if (!ended.isFinished) return timedOut(ended, last);
  const { digestCount } = ended;
  if (last.length === 0 && digestCount > 0)
    return { result: 'digested', text: `taken for the digests of ${methods(digestCount)}` };
  if (last.length === 0) return nobodyTold(ended);
  if (last.some(({ outcome }) => outcome === 'malformed')) {
    return {
      result: 'malformed',
      text: 'the alarm is malformed and was parked; see: mon-notification dead-letters list',
    };
  }
  const unsent = last.filter(({ outcome }) => outcome !== 'sent');
  const others = digestCount > 0 ? `; taken for the digests of ${methods(digestCount)}` : '';
  if (unsent.length === 0) return { result: 'all_sent', text: `all sent: ${methods(last.length)}${others}` };
  return {
    result: 'not_all_sent',
    text: `${last.length - unsent.length} of ${methods(last.length)} sent; ${adviceFor(unsent)}`,
  };
}

function timedOut({ waitedMs, committed, offset }: Ended, last: readonly SeenOutcome[]): Verdict {
  const position = committed === undefined ? 'no position is stored' : `the committed position is ${committed}`;
  const advice =
    last.length === 0
      ? 'is an engine running and active, and how far behind is it? See: mon-notification status'
      : 'other methods are still under way, or their receivers slow; see: mon-notification status';
  const seen = last.length === 0 ? 'no outcome' : tally(last);
  return {
    result: 'timed_out',
    text: `not finished after ${waitedMs / 1000} s: ${seen} was seen, and ${position} while the alarm is at ${offset}; ${advice}`,
  };
}

/** The engine finishes an alarm without a record for four reasons; three of them show in the alarm. */
function nobodyTold({ alarm, nowMs, alarmTtlMs }: Ended): Verdict {
  if (alarm?.actionsEnabled === false) {
    return { result: 'disabled', text: 'nobody was told: actionsEnabled is false in this alarm' };
  }
  if (alarm !== undefined && alarmTtlMs !== undefined && nowMs - alarm.changedAtMs > alarmTtlMs) {
    const text = `nobody was told: the timestamp of the alarm is older than processors.alarm.ttl, ${alarmTtlMs / 1000} s`;
    return { result: 'expired', text };
  }
  const whose =
    alarm?.alarmDefinitionId === undefined
      ? `alarm ${alarm?.alarmId} (a database with alarm definitions needs --definition-id)`
      : `alarm definition ${alarm.alarmDefinitionId}`;
  const text = `nobody asked to be told: no method was found for ${whose} in state ${alarm?.newState}; check its alarm_action rows`;
  return { result: 'no_methods', text };
}

function adviceFor(unsent: readonly SeenOutcome[]): string {
  const advice: string[] = [];
  if (unsent.some(({ outcome }) => outcome === 'retrying'))
    advice.push('what is retrying will be tried again by the engine');
  if (unsent.some(({ outcome }) => outcome === 'dead')) {
    advice.push('what is dead is parked: look at the reason, mend it, then mon-notification dead-letters replay');
  }
  return advice.length === 0 ? tally(unsent) : `${tally(unsent)}: ${advice.join('; ')}`;
}

function tally(outcomes: readonly SeenOutcome[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

function methods(count: number): string {
  return count === 1 ? '1 method' : `${count} methods`;
}
