import { parseInstant } from '../domain/instant.js';
import type { AlarmState, AlarmStatus, DigestOwner, MethodWish, SentVersion, StoredRow } from '../ports/digest.js';
import { hashOf } from './digest-text.js';

/** The name of a row where names are limited: 32 hex digits, of the kind and of all ids, since ids are opaque. */
export function rowKey(row: StoredRow): string {
  return hashOf([row.kind, row.userId, row.methodId ?? '', nameWithin(row)]);
}

function nameWithin(row: StoredRow): string {
  switch (row.kind) {
    case 'alarm':
      return row.alarmId;
    case 'sent':
      return row.digestId;
    case 'schedule':
    case 'wish':
      return '';
    default:
      return row satisfies never;
  }
}

/** A row as compact JSON text, with its ids; undefined for one that is to be removed. */
export function rowText(row: StoredRow): string | undefined {
  const owner = { u: row.userId, ...(row.methodId === undefined ? {} : { m: row.methodId }) };
  if (row.kind === 'schedule')
    return row.ranAtMs === undefined ? undefined : JSON.stringify({ ...owner, r: row.ranAtMs });
  if (row.kind === 'wish') {
    const { schedule: p, empty: e } = row.wish ?? {};
    return p === undefined && e === undefined ? undefined : JSON.stringify({ ...owner, p, e });
  }
  if (row.kind === 'sent') {
    const versions = row.alarms?.map(({ alarmId, version }) => [alarmId, version]);
    return versions === undefined ? undefined : JSON.stringify({ ...owner, i: row.digestId, l: versions });
  }
  if (row.alarm === undefined) return undefined;
  const { status, changedAt, sequence, name, toSend, version, storedAtMs } = row.alarm;
  const order = sequence === -1 ? {} : { q: sequence };
  return JSON.stringify({
    ...{ ...owner, a: row.alarmId, s: status, t: changedAt.text, ...order },
    ...(name === undefined ? {} : { n: name }),
    ...{ d: toSend ? 1 : 0, v: version, w: storedAtMs },
  });
}

/** Reads a row back. @throws RangeError for a text that we did not write. */
export function parseRow(text: string): StoredRow {
  const fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const owner: DigestOwner = {
    userId: textAt(fields, 'u'),
    methodId: fields.m === undefined ? undefined : textAt(fields, 'm'),
  };
  if (fields.r !== undefined) return { ...owner, kind: 'schedule', ranAtMs: numberAt(fields, 'r') };
  if (fields.p !== undefined || fields.e !== undefined) return { ...owner, kind: 'wish', wish: wishOf(fields) };
  if (fields.i !== undefined)
    return { ...owner, kind: 'sent', digestId: textAt(fields, 'i'), alarms: sentIn(fields.l) };
  return { ...owner, kind: 'alarm', alarmId: textAt(fields, 'a'), alarm: alarmOf(fields) };
}

function alarmOf(fields: Readonly<Record<string, unknown>>): AlarmState {
  const changedAt = parseInstant(textAt(fields, 't'));
  const status = textAt(fields, 's');
  if (changedAt === undefined || !isStatus(status)) throw new RangeError('a row of the digest state is damaged');
  return {
    ...{ status, changedAt, sequence: fields.q === undefined ? -1 : numberAt(fields, 'q') },
    ...(fields.n === undefined ? {} : { name: textAt(fields, 'n') }),
    ...{ toSend: fields.d === 1, version: numberAt(fields, 'v'), storedAtMs: numberAt(fields, 'w') },
  };
}

function wishOf(fields: Readonly<Record<string, unknown>>): MethodWish {
  const { p, e } = fields;
  if (e !== undefined && e !== 'skip' && e !== 'send') throw new RangeError('a row of the digest state is damaged');
  return { ...(p === undefined ? {} : { schedule: textAt(fields, 'p') }), ...(e === undefined ? {} : { empty: e }) };
}

function sentIn(list: unknown): readonly SentVersion[] {
  if (!Array.isArray(list)) throw new RangeError('a row of the digest state is damaged');
  return list.map((one: unknown) => {
    const pair = { ...(one as readonly unknown[]) };
    return { alarmId: textAt(pair, '0'), version: numberAt(pair, '1') };
  });
}

function isStatus(text: string): text is AlarmStatus {
  return text === 'CLEARED' || text === 'WARNING' || text === 'CRITICAL';
}

function textAt(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw new RangeError('a row of the digest state is damaged');
  return value;
}

function numberAt(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new RangeError('a row of the digest state is damaged');
  return value;
}
