import { createHash } from 'node:crypto';
import type { DigestAlarm, DigestOwner, OutgoingDigest } from '../ports/digest.js';

/** Oldest first by time in nanoseconds, ties by alarm id in code points. */
function compareDigestAlarms(a: DigestAlarm, b: DigestAlarm): number {
  const [one, other] = [a.alarm.changedAt.epochNs, b.alarm.changedAt.epochNs];
  if (one !== other) return one < other ? -1 : 1;
  return compareCodePoints(a.alarmId, b.alarmId);
}

/** `<` compares UTF-16 units, which puts astral characters before some others; UTF-8 keeps the order of code points. */
function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * The digests of one owner: all of `alarms` in order, in as many parts as `limitBytes` asks for. No alarms: one empty digest, which
 * `occasion` tells from other empty ones: the place of the command, or the due time.
 *
 * The text is public to the byte: names, order of keys, no blanks. A lone alarm that is larger than the limit stands in a part of its own.
 */
export function digestsOf(
  owner: DigestOwner,
  alarms: readonly DigestAlarm[],
  limitBytes: number,
  occasion: string,
): readonly OutgoingDigest[] {
  const sorted = [...alarms].sort(compareDigestAlarms);
  const parts: { alarms: DigestAlarm[]; entries: string[] }[] = [{ alarms: [], entries: [] }];
  const frame = Buffer.byteLength(textOf(owner.userId, []));
  let bytes = frame;
  for (const one of sorted) {
    const entry = entryOf(one);
    // The name is no part of the text, but of what a method gets.
    const more = Buffer.byteLength(entry) + Buffer.byteLength(JSON.stringify(one.alarm.name ?? '')) + 1;
    const last = parts.at(-1);
    if (last !== undefined && (last.entries.length === 0 || bytes + more <= limitBytes)) {
      last.alarms.push(one);
      last.entries.push(entry);
      bytes += more;
    } else {
      parts.push({ alarms: [one], entries: [entry] });
      bytes = frame + more;
    }
  }
  return parts.map((part) => ({
    ...owner,
    id: digestId(owner, part.alarms, occasion),
    alarms: part.alarms,
    text: textOf(owner.userId, part.entries),
  }));
}

function textOf(userId: string, entries: readonly string[]): string {
  return `{"UserID":${JSON.stringify(userId)},"ActiveAlarms":[${entries.join()}]}`;
}

function entryOf({ alarmId, alarm }: DigestAlarm): string {
  const { status, changedAt } = alarm;
  return `{"AlarmID":${JSON.stringify(alarmId)},"Status":"${status}","LatestChangedAt":"${changedAt.text}"}`;
}

/** 32 hex digits, of the owner and of the versions that are sent; none are sent: of what asked for it. No alarm id is empty. */
function digestId({ userId, methodId }: DigestOwner, alarms: readonly DigestAlarm[], occasion: string): string {
  const versions = alarms.flatMap(({ alarmId, alarm }) => [alarmId, String(alarm.version)]);
  return hashOf([userId, methodId ?? '', ...(versions.length === 0 ? ['', occasion] : versions)]);
}

/** The first 16 bytes of SHA-256 over the parts, each as UTF-8 with its length in 4 bytes in front, in hex. */
export function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}
