import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import type { Alarm } from '../domain/alarm.js';
import { parseAlarm } from '../domain/parse-alarm.js';
import { parseOutcomeRecord, type RecordedLetter, type RecordedOutcome } from '../domain/parse-outcome-record.js';
import { placeText, positionText } from '../domain/position.js';
import { parseSettlement, replayOfHeaders } from '../domain/replay.js';

/** One thing that happened to an alarm or to one of its notifications. */
export interface HistoryEvent {
  readonly atMs: number;
  /** `alarm`: published by a producer; else the outcome, or what a person did. */
  readonly what: string;
  /** The id of the notification; of a message its place. */
  readonly id: string;
  readonly alarmId: string | undefined;
  readonly alarmName: string | undefined;
  readonly state: string | undefined;
  readonly type: string | undefined;
  readonly methodId: string | undefined;
  readonly methodName: string | undefined;
  /** Sends tried so far. */
  readonly attempt: number | undefined;
  /** 0 for the first telling. */
  readonly repeat: number | undefined;
  readonly reason: string | undefined;
  readonly detail: string | undefined;
  readonly notBeforeMs: number | undefined;
  /** `eventId` of the producer, where the alarm has one. */
  readonly eventId: string | undefined;
  /** Where its alarm was read first, as `topic/partition/offset`. */
  readonly source: string;
  /** Where this stands. */
  readonly recordAt: string;
}

const nothing = {
  ...{ alarmId: undefined, alarmName: undefined, state: undefined, type: undefined, methodId: undefined },
  ...{ methodName: undefined, attempt: undefined, repeat: undefined, reason: undefined, detail: undefined },
  ...{ notBeforeMs: undefined, eventId: undefined },
};

/** Reads a record of an output topic; undefined for what is none of ours. */
export function outputEvent(record: RawRecord): HistoryEvent | undefined {
  const settlement = parseSettlement(record.value, record.headers, record);
  if (settlement !== undefined) {
    // Of a replay its retry record tells, or the message on the topic where it came from.
    if (settlement.outcome === 'replayed') return undefined;
    const { atMs, alarmId, methodId, by } = settlement;
    const source = positionText(settlement.letter);
    return { ...common(record), atMs, what: 'discarded', alarmId, methodId, detail: `by ${by}`, source };
  }
  try {
    const read = parseOutcomeRecord(record.value, record.headers, record);
    return read.kind === 'letter' ? letterEvent(record, read) : outcomeEvent(record, read);
  } catch {
    return undefined;
  }
}

/** Reads a message of the alarm topic; undefined for what is no alarm, of which the dead letter tells. */
export function alarmEvent(record: RawRecord): HistoryEvent | undefined {
  const { topic, partition, offset, value, timestampMs } = record;
  const replay = replayOfHeaders(record.headers);
  const position = replay?.source ?? { topic, partition, offset };
  try {
    const alarm = parseAlarm({ position, value, recordedAtMs: timestampMs });
    const isSilent = alarm.actionsEnabled ? undefined : 'actionsEnabled is false: nobody is told';
    const change = `${alarm.oldState} -> ${alarm.newState}`;
    return {
      ...common(record),
      ...ofAlarm(alarm),
      what: replay === undefined ? 'alarm' : 'replayed',
      id: placeText(position),
      detail: isSilent === undefined ? change : `${change}; ${isSilent}`,
    };
  } catch {
    return undefined;
  }
}

function outcomeEvent(record: RawRecord, read: RecordedOutcome): HistoryEvent {
  const { notification, outcome, triedCount, sentAtMs, reason, notBeforeMs, lastTriedAtMs } = read;
  const { method, repeat, replay } = notification;
  const isReplay = outcome === 'retrying' && triedCount === 0 && replay !== undefined;
  return {
    ...common(record),
    ...ofAlarm(notification.alarm),
    atMs: sentAtMs ?? (isReplay ? replay.atMs : (lastTriedAtMs ?? record.timestampMs)),
    what: isReplay ? 'replayed' : (outcome ?? 'sent'),
    id: notification.id,
    ...{ type: method.type, methodId: method.id, methodName: method.name },
    ...{ attempt: triedCount, repeat, reason: isReplay ? replay.reason : reason },
    detail: read.detail ?? read.history.at(-1)?.failure,
    notBeforeMs: isReplay ? undefined : notBeforeMs,
  };
}

function letterEvent(record: RawRecord, { position, outcome, reason, detail }: RecordedLetter): HistoryEvent {
  return { ...common(record), what: outcome, id: placeText(position), reason, detail, source: placeText(position) };
}

function common(record: RawRecord) {
  const recordAt = positionText(record);
  return { ...nothing, atMs: record.timestampMs, id: record.key ?? recordAt, source: recordAt, recordAt };
}

function ofAlarm(alarm: Alarm) {
  const raw = JSON.parse(alarm.rawAlarm) as { eventId?: unknown };
  const eventId = typeof raw.eventId === 'string' ? raw.eventId : undefined;
  const { alarmId, alarmName, newState: state } = alarm;
  return { alarmId, alarmName, state, eventId, source: placeText(alarm.position) };
}
