import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import { messageOf } from '../domain/errors.js';
import type { DeadReason, MethodOutcome } from '../domain/outcome.js';
import { parseOutcomeRecord } from '../domain/parse-outcome-record.js';
import { type AlarmPosition, positionText } from '../domain/position.js';

/** What a list shows of one record of the dead-letter topic. Holds neither address nor alarm text beyond name and ids. */
export interface ParkedLetter {
  /** The key of its record. */
  readonly id: string;
  /** Where it lies on the dead-letter topic. */
  readonly at: AlarmPosition;
  readonly parkedAtMs: number;
  /** `unreadable`: no record of ours, or too little of one. */
  readonly outcome: MethodOutcome | 'malformed' | 'unreadable' | 'unknown';
  readonly reason: DeadReason | undefined;
  readonly detail: string;
  readonly type: string | undefined;
  readonly methodId: string | undefined;
  readonly methodName: string | undefined;
  readonly alarmId: string | undefined;
  readonly alarmName: string | undefined;
  readonly state: string | undefined;
  /** Sends tried. */
  readonly attempt: number | undefined;
  readonly source: string | undefined;
}

const longestDetail = 300;
const nothing = {
  ...{ type: undefined, methodId: undefined, methodName: undefined, alarmId: undefined, alarmName: undefined },
  ...{ state: undefined, attempt: undefined, source: undefined, reason: undefined },
};

/** Sums up one record. Never throws: what cannot be read is a letter too. */
export function parkedLetter(record: RawRecord, id: string): ParkedLetter {
  const { topic, partition, offset, timestampMs } = record;
  const common = { ...nothing, id, at: { topic, partition, offset }, parkedAtMs: timestampMs };
  const refusedBy = record.headers['notification-shortened'];
  try {
    const read = parseOutcomeRecord(record.value, record.headers, record);
    const { reason, detail = '' } = read;
    const outcome: ParkedLetter['outcome'] = read.outcome ?? 'unknown';
    const shared = { ...common, outcome, reason, detail: cut(refusedBy === undefined ? detail : refused(refusedBy)) };
    if (read.kind === 'letter') return { ...shared, source: positionText(read.position) };
    const { alarm, method } = read.notification;
    return {
      ...shared,
      ...{ type: method.type, methodId: method.id, methodName: method.name },
      ...{ alarmId: alarm.alarmId, alarmName: alarm.alarmName, state: alarm.newState },
      ...{ attempt: read.triedCount, source: positionText(alarm.position) },
    };
  } catch (error) {
    return { ...common, outcome: 'unreadable', detail: cut(refusedBy ? refused(refusedBy) : messageOf(error)) };
  }
}

/** One letter for scripts. */
export function letterDocument(letter: ParkedLetter): Readonly<Record<string, unknown>> {
  return {
    id: letter.id,
    outcome: letter.outcome,
    reason: letter.reason ?? null,
    detail: letter.detail,
    parked_at: letter.parkedAtMs,
    type: letter.type ?? null,
    method_id: letter.methodId ?? null,
    method_name: letter.methodName ?? null,
    alarm_id: letter.alarmId ?? null,
    alarm_name: letter.alarmName ?? null,
    state: letter.state ?? null,
    attempt: letter.attempt ?? null,
    source: letter.source ?? null,
    dead_letter: positionText(letter.at),
  };
}

function refused(topic: string): string {
  return `topic ${topic} refused the whole record; this is what was left of it`;
}

function cut(text: string): string {
  return text.slice(0, longestDetail);
}
