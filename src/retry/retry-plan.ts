import { type Alarm, isSameState } from '../domain/alarm.js';
import { changeOfAlarm } from '../domain/event-facts.js';
import type { Notification, Verdict } from '../domain/notification.js';
import type { RecordedOutcome } from '../domain/parse-outcome-record.js';
import { type AlarmPosition, partitionText } from '../domain/position.js';
import type { MethodDirectory } from '../ports/directory.js';
import type { WaitingPlan } from '../waiting/due-flow.js';
import { isWrittenLater, Newest } from '../waiting/newest.js';

export interface RetryPlanOptions {
  readonly directory: MethodDirectory;
  /** The pause after an attempt whose record does not say when the next one is due: the ancestor's. */
  readonly intervalMs: number;
  /** Undefined: alarms never expire. */
  readonly ttlMs: number | undefined;
}

/** Of a transition what decides which is the newer one, and where it was read; flat, because many are kept. */
interface Transition extends AlarmPosition {
  readonly changedAtNs: bigint;
  readonly sequence: number | undefined;
  readonly newState: string;
}

/** One failed or put off attempt at a notification, and where that is on record; flat, because many are kept. */
interface Link extends Pick<AlarmPosition, 'partition' | 'offset'> {
  /** A replay begins the attempts anew; 0 before the first. */
  readonly replayedAtMs: number;
  readonly triedCount: number;
  /** Counts anew from each attempt. */
  readonly putOffCount: number;
}

/**
 * What becomes of a retry that is due: the next attempt, with the method as it is now, or the verdict that there is none.
 *
 * The alarm must not be older than the time to live, which counts anew from a replay, and must not have moved on: neither by a newer transition that was seen among the
 * retries, nor by the state that the database has. A state that the database does not know says nothing. A digest is of many alarms: none of
 * this counts for it.
 *
 * A record may be on the topic twice, or beside the one of the attempt after it. Only the last one goes on: each copy would be tried, and
 * might leave two copies in its turn. A replay by hand is newer than every attempt before it.
 */
export class RetryPlan implements WaitingPlan {
  readonly #options: RetryPlanOptions;
  readonly #newest = new Newest<Transition>(isNewer);
  readonly #links = new Newest<Link>(isLater);
  /** One text for each topic that alarms came from: those of the records are copies. */
  readonly #topics = new Map<string, string>();

  constructor(options: RetryPlanOptions) {
    this.#options = options;
  }

  dueAtMs({ notBeforeMs, lastTriedAtMs }: RecordedOutcome): number | undefined {
    return notBeforeMs ?? (lastTriedAtMs === undefined ? undefined : lastTriedAtMs + this.#options.intervalMs);
  }

  saw(record: RecordedOutcome): void {
    const { alarm, id } = record.notification;
    this.#links.saw(id, linkOf(record));
    this.#newest.saw(nameOf(alarm), transitionOf(alarm, this.#own(alarm.position.topic)));
  }

  async next(record: RecordedOutcome, nowMs: number, signal: AbortSignal): Promise<Notification | undefined> {
    const { directory, ttlMs } = this.#options;
    if (this.#links.after(record.notification.id, linkOf(record)) !== undefined) return undefined;
    const { alarm } = record.notification;
    const attempt = record.triedCount + 1;
    const next: Notification = { ...record.notification, attempt, history: record.history };
    const decided = (verdict: Verdict): Notification => ({ ...next, verdict });
    if (record.notification.digest !== undefined) return await this.#withMethod(next, signal);
    const livesFromMs = Math.max(alarm.changedAtMs, record.notification.replay?.atMs ?? 0);
    if (ttlMs !== undefined && nowMs - livesFromMs > ttlMs) return decided({ outcome: 'expired' });
    const newer = this.#newest.after(nameOf(alarm), transitionOf(alarm));
    if (newer !== undefined) return decided({ outcome: 'superseded', by: positionOf(newer) });
    const [following, state] = await Promise.all([
      this.#withMethod(next, signal),
      directory.alarmState(alarm.alarmId, signal),
    ]);
    if (state !== undefined && !isSameState(state, alarm.newState)) {
      return decided({ outcome: 'superseded', by: undefined });
    }
    return following;
  }

  #own(topic: string): string {
    const own = this.#topics.get(topic) ?? topic;
    this.#topics.set(own, own);
    return own;
  }

  /** With the method as it is now. */
  async #withMethod(next: Notification, signal: AbortSignal): Promise<Notification> {
    const method = await this.#options.directory.methodById(next.method.id, signal);
    if (method !== undefined) return { ...next, method };
    const detail = 'the method was deleted while the retry waited';
    return { ...next, verdict: { outcome: 'dead', reason: 'method_gone', detail } };
  }
}

/** Ids of alarms are their tenants' own: another tenant may have the same one. */
function nameOf({ tenantId, alarmId }: Alarm): string {
  return JSON.stringify([tenantId, alarmId]);
}

/** Not the whole alarm: its texts would stay in memory. */
function transitionOf(alarm: Alarm, topic = alarm.position.topic): Transition {
  const { newState, event } = alarm;
  const { partition, offset } = alarm.position;
  return { topic, partition, offset, changedAtNs: changeOfAlarm(alarm).epochNs, sequence: event?.sequence, newState };
}

function positionOf({ topic, partition, offset }: AlarmPosition): AlarmPosition {
  return { topic, partition, offset };
}

/**
 * By the time of the change, then by sequence, then in the order read, where that says anything. The timestamp of a repeat is none of its
 * change: it may lie behind that of the change which follows.
 */
function isNewer(one: Transition, other: Transition): boolean {
  if (one.changedAtNs !== other.changedAtNs) return one.changedAtNs > other.changedAtNs;
  const { sequence } = one;
  if (sequence !== undefined && other.sequence !== undefined && sequence !== other.sequence) {
    return sequence > other.sequence;
  }
  // The same state at the same time is no other transition, but the same one written twice: neither stands in for the other.
  if (isSameState(one.newState, other.newState)) return false;
  return partitionText(one) === partitionText(other) && one.offset > other.offset;
}

function linkOf({ triedCount, notification: { position, replay, putOffCount = 0 } }: RecordedOutcome): Link {
  const { partition, offset } = position;
  return { replayedAtMs: replay?.atMs ?? 0, triedCount, putOffCount, partition, offset };
}

function isLater(one: Link, other: Link): boolean {
  if (one.replayedAtMs !== other.replayedAtMs) return one.replayedAtMs > other.replayedAtMs;
  if (one.triedCount !== other.triedCount) return one.triedCount > other.triedCount;
  // Not by offset: once the topic was given more partitions, what is put off again may lie in another one.
  if (one.putOffCount !== other.putOffCount) return one.putOffCount > other.putOffCount;
  return isWrittenLater(one, other);
}
