import { type Instant, parseInstant } from '../domain/instant.js';
import type {
  AddingField,
  AlarmStatus,
  DigestMessage,
  DigestOwner,
  MessageForm,
  MethodWish,
  StatusChange,
} from '../ports/digest.js';

const maxMessageBytes = 1024 * 1024;
/** Far above any id that is one; a digest with one alarm must stay below the limit of every broker. */
const maxIdLength = 4096;
const maxNameLength = 200;
const maxScheduleLength = 255;
const statuses: readonly AlarmStatus[] = ['CLEARED', 'WARNING', 'CRITICAL'];
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

class Malformed extends Error {}

/**
 * Reads an AlarmStatusChanged or a SendAlarmDigest from the bytes of a message. Never throws.
 *
 * Strict JSON, read liberally: keys in any order and letter case, the exact spelling first; unknown keys are ignored. Ids are opaque texts.
 */
export function parseDigestMessage(value: Uint8Array, form: MessageForm): DigestMessage {
  try {
    const members = membersOf(value);
    const isStatus = form === 'status' || (form === 'either' && hasAny(members, ['AlarmID', 'Status', 'ChangedAt']));
    return isStatus ? statusChange(members) : { kind: 'command', command: ownerOf(members) };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}

type Members = ReadonlyMap<string, unknown>;

/** By lower-case name; of several spellings the exact one counts, else the last. */
function membersOf(value: Uint8Array): Members {
  if (value.byteLength > maxMessageBytes) throw new Malformed(`the message has more than ${maxMessageBytes} bytes`);
  const root = parsed(value);
  if (typeof root !== 'object' || root === null || Array.isArray(root)) throw new Malformed('expected a JSON object');
  const members = new Map<string, unknown>();
  const exact = new Set<string>();
  for (const [name, member] of Object.entries(root)) {
    const lower = name.toLowerCase();
    if (exact.has(lower)) continue;
    if (publicNames.has(name)) exact.add(lower);
    members.set(lower, member);
  }
  return members;
}

const publicNames: ReadonlySet<string> = new Set([
  'AlarmID',
  'UserID',
  'Status',
  'ChangedAt',
  'MethodID',
  'Sequence',
  'AlarmName',
  'Schedule',
  'Empty',
]);

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(value));
  } catch {
    throw new Malformed('the message is not JSON in UTF-8');
  }
}

function hasAny(members: Members, names: readonly string[]): boolean {
  return names.some((name) => members.has(name.toLowerCase()));
}

/** These fields only add to it: one of a wrong type is left out, and the change counts. */
function statusChange(members: Members): DigestMessage {
  const leftOut: AddingField[] = [];
  const added = <Value>(field: AddingField, read: (value: unknown) => Value | undefined): Value | undefined => {
    const value = members.get(field.toLowerCase()) ?? undefined;
    const found = value === undefined ? undefined : read(value);
    if (value !== undefined && found === undefined) leftOut.push(field);
    return found;
  };
  const name = added('AlarmName', nameOf);
  const schedule = added('Schedule', scheduleOf);
  const empty = added('Empty', emptyOf);
  const owner = ownerOf(members);
  const wish = { ...(schedule === undefined ? {} : { schedule }), ...(empty === undefined ? {} : { empty }) };
  const change: StatusChange = {
    ...owner,
    alarmId: idOf(members, 'AlarmID'),
    status: statusOf(members),
    changedAt: instantOf(members),
    sequence: added('Sequence', sequenceOf) ?? -1,
    ...(name === undefined ? {} : { name }),
    ...(owner.methodId === undefined || Object.keys(wish).length === 0 ? {} : { wish }),
  };
  return { kind: 'status', change, leftOut };
}

function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, maxNameLength) : undefined;
}

function scheduleOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= maxScheduleLength ? value : undefined;
}

function emptyOf(value: unknown): MethodWish['empty'] {
  return value === 'skip' || value === 'send' ? value : undefined;
}

function sequenceOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function ownerOf(members: Members): DigestOwner {
  const methodId = members.get('methodid') ?? undefined;
  return { userId: idOf(members, 'UserID'), methodId: methodId === undefined ? undefined : idOf(members, 'MethodID') };
}

function idOf(members: Members, name: string): string {
  const id = members.get(name.toLowerCase());
  if (typeof id === 'string' && id !== '' && id.length <= maxIdLength) return id;
  throw new Malformed(`${name}: expected a text of 1 to ${maxIdLength} characters`);
}

function statusOf(members: Members): AlarmStatus {
  const status = statuses.find((known) => known === members.get('status'));
  if (status === undefined) throw new Malformed('Status: expected CLEARED, WARNING or CRITICAL');
  return status;
}

/** The zero time of some languages, year 1, is nobody's time. */
function instantOf(members: Members): Instant {
  const text = members.get('changedat');
  const instant = typeof text === 'string' ? parseInstant(text) : undefined;
  if (instant === undefined) throw new Malformed('ChangedAt: expected a time as RFC 3339 writes it');
  if (text === undefined || instant.epochNs <= 0n) throw new Malformed('ChangedAt: expected a time after 1970');
  return instant;
}
