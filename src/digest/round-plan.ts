import type {
  AddingField,
  DigestAlarm,
  DigestDeadLetter,
  DigestMessage,
  DigestOwner,
  DigestRound,
  OutgoingDigest,
  SentVersion,
  StatusChange,
  StoredRow,
  TakenMessage,
  WishingOwner,
} from '../ports/digest.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { DigestRules } from './digest-rules.js';
import { alarmRow, type DigestStates, type OwnerState } from './digest-states.js';
import { digestsOf } from './digest-text.js';
import { rowKey } from './stored-row.js';

const messageLimitCount = 1_000;
const digestLimitCount = 100;
const rowLimitCount = 5_000;

/** A digest that somebody sent who did not live to clear its marks. */
type SentRow = Extract<StoredRow, { kind: 'sent' }>;

/** What one worker takes: a message already understood, a due time, what a former owner left undone, or the wish to forget old tombstones. */
export type DigestItem<Message extends TakenMessage> = Readonly<
  | { kind: 'message'; taken: Message; message: DigestMessage }
  | { kind: 'due'; owner: DigestOwner; dueAtMs: number }
  | { kind: 'told'; row: SentRow }
  | { kind: 'forget' }
>;

/** Whether this owner gets a digest when there is nothing in it. */
export function isSentEmpty({ empty, methodEmpty }: DigestRules, { methodId, wish }: WishingOwner): boolean {
  return ((methodId === undefined ? undefined : methodEmpty?.get(methodId)) ?? wish?.empty ?? empty) === 'send';
}

function versionsOf(alarms: readonly DigestAlarm[]): readonly SentVersion[] {
  return alarms.map(({ alarmId, alarm: { version } }) => ({ alarmId, version }));
}

/** One round while it is put together: folds into the states at once, and collects what has to become durable. */
export class RoundPlan<Message extends TakenMessage> {
  readonly #states: DigestStates;
  readonly #rules: DigestRules;
  readonly #limitBytes: number;
  readonly #nowMs: number;
  readonly #changed = new Map<string, StoredRow>();
  readonly #cleared: StoredRow[] = [];
  readonly #digests: OutgoingDigest[] = [];
  readonly #reasons: ('command' | 'schedule')[] = [];
  readonly #leftOut: { readonly subject: string; readonly field: AddingField }[] = [];
  readonly #deadLetters: DigestDeadLetter[] = [];
  readonly #taken: Message[] = [];
  readonly #flushed = new Set<string>();
  #isForgetting = false;
  readonly #counts = new Map<string, number>();

  constructor(states: DigestStates, rules: DigestRules, limitBytes: number, nowMs: number) {
    this.#states = states;
    this.#rules = rules;
    this.#limitBytes = limitBytes;
    this.#nowMs = nowMs;
  }

  /** False when the item has to wait for the next round: a user whose digest is in this one must not change behind it. */
  hasRoomFor(item: DigestItem<Message>): boolean {
    if (this.#taken.length >= messageLimitCount || this.#digests.length >= digestLimitCount) return false;
    if (this.#cleared.length >= rowLimitCount) return false;
    // What a round forgets must not come back within it: the removal is stored last.
    if (this.#isForgetting) return false;
    if (item.kind === 'forget') return this.#taken.length === 0 && this.#cleared.length === 0;
    return item.kind !== 'message' || item.message.kind !== 'status' || !this.#flushed.has(item.message.change.userId);
  }

  add(taken: Message, message: DigestMessage): void {
    this.#taken.push(taken);
    if (taken.isRepeated) this.#count('repeated');
    switch (message.kind) {
      case 'status':
        for (const field of message.leftOut) this.#leftOut.push({ subject: taken.subject, field });
        this.#fold(message.change);
        return;
      case 'command':
        for (const owner of this.#states.meantBy(message.command)) this.#flush(owner, 'command', taken.place);
        this.#flushed.add(message.command.userId);
        return;
      case 'malformed':
        this.#count(`${taken.form} malformed`);
        this.#deadLetters.push({ subject: taken.subject, reason: message.reason, value: taken.value });
        return;
      case 'elsewhere':
        return;
      default:
        message satisfies never;
    }
  }

  /** A scheduled digest. Its due instant becomes durable with the cleared marks, so it runs once. */
  run(owner: DigestOwner, dueAtMs: number): void {
    const state = this.#states.find(owner);
    if (state === undefined || (state.ranAtMs !== undefined && state.ranAtMs >= dueAtMs)) return;
    this.#flush(state, 'schedule', `due ${dueAtMs}`);
    this.#flushed.add(owner.userId);
    this.#ran(state, dueAtMs, this.#cleared);
  }

  /** Clears what went out already, so that no other digest tells it again. */
  settle(row: SentRow): void {
    const owner = this.#states.find(row);
    if (owner !== undefined) this.#clear(this.#states.clear(owner, row.alarms ?? []));
    this.#cleared.push({ ...row, alarms: undefined });
  }

  forget(beforeMs: number, limitCount: number): void {
    this.#isForgetting = true;
    this.#clear(this.#states.forget(beforeMs, limitCount));
  }

  round(): DigestRound<Message> {
    return {
      changed: [...this.#changed.values()],
      digests: this.#digests,
      cleared: this.#cleared,
      deadLetters: this.#deadLetters,
      taken: this.#taken,
    };
  }

  /** Counts what is durable now. */
  tell(telemetry: Telemetry): void {
    for (const [name, by] of this.#counts) {
      const [kind = '', result = ''] = name.split(' ');
      if (result === '') telemetry.count('digest_redelivered_total', {}, by);
      else telemetry.count('digest_messages_total', { kind, result }, by);
    }
    for (const leftOut of this.#leftOut) telemetry.event('digest_field_left_out', leftOut);
    for (const { subject, reason } of this.#deadLetters)
      telemetry.event('digest_message_malformed', { subject, reason });
    for (const [index, { alarms }] of this.#digests.entries()) {
      telemetry.count('digest_digests_total', { reason: this.#reasons[index] ?? 'command', result: 'sent' });
      telemetry.count('digest_alarms_sent_total', {}, alarms.length);
    }
  }

  /** Counts the digests of an attempt that failed. */
  tellFailure(telemetry: Telemetry): void {
    for (const reason of this.#reasons) telemetry.count('digest_digests_total', { reason, result: 'failed' });
  }

  #fold(change: StatusChange): void {
    const { result, owner, isFirst } = this.#states.fold(change, this.#nowMs);
    this.#count(`status ${result}`);
    const wish = this.#states.keepWish(owner, change.wish);
    if (wish !== undefined) this.#changed.set(rowKey(wish), wish);
    if (result === 'older' || result === 'duplicate') return;
    const alarm = owner.alarms.get(change.alarmId);
    const row = alarmRow(change, change.alarmId, alarm);
    this.#changed.set(rowKey(row), row);
    const schedule = this.#rules.scheduleOf(owner);
    if (schedule === undefined) return;
    // The first alarm to send after a due instant waits for the next one, also when we are down in between. So does the first empty digest.
    const isBegun =
      isFirst && (alarm?.toSend === true || (owner.ranAtMs === undefined && isSentEmpty(this.#rules, owner)));
    const dueAtMs = isBegun ? schedule.dueAtOrBefore(this.#nowMs) : 0;
    if ((owner.ranAtMs ?? 0) < dueAtMs) this.#ran(owner, dueAtMs, undefined);
  }

  #flush(owner: OwnerState, reason: 'command' | 'schedule', occasion: string): void {
    const alarms = this.#states.toSend(owner);
    if (alarms.length === 0 && !isSentEmpty(this.#rules, owner)) {
      this.#count('command nothing');
      return;
    }
    this.#count('command flushed');
    // As a notification it is written with more words around each alarm, and all of it again by the outcome.
    const limitBytes = owner.methodId === undefined ? this.#limitBytes : Math.floor(this.#limitBytes / 3);
    for (const digest of digestsOf(owner, alarms, limitBytes, occasion)) {
      this.#digests.push(digest);
      this.#reasons.push(reason);
    }
    this.#clear(this.#states.clear(owner, versionsOf(alarms)));
  }

  /** One by one: there can be more of them than a call takes arguments. */
  #clear(rows: readonly StoredRow[]): void {
    for (const row of rows) this.#cleared.push(row);
  }

  #ran(owner: OwnerState, dueAtMs: number, to: StoredRow[] | undefined): void {
    owner.ranAtMs = dueAtMs;
    const row: StoredRow = { kind: 'schedule', userId: owner.userId, methodId: owner.methodId, ranAtMs: dueAtMs };
    if (to === undefined) this.#changed.set(rowKey(row), row);
    else to.push(row);
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
