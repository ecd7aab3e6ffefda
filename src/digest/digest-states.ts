import type {
  AlarmState,
  DigestAlarm,
  DigestOwner,
  MethodWish,
  SentVersion,
  StatusChange,
  StoredRow,
} from '../ports/digest.js';
import { type FoldResult, fold, isActive } from './fold.js';

/** What is known of one owner. */
export interface OwnerState extends DigestOwner {
  readonly alarms: Map<string, AlarmState>;
  /** Alarms that the next digest contains. */
  readonly pending: Set<string>;
  /** The due instant up to which scheduled digests have run, epoch milliseconds; undefined before there was anything to send. */
  ranAtMs: number | undefined;
  wish: MethodWish | undefined;
}

/** A row of an alarm as it is. */
export function alarmRow({ userId, methodId }: DigestOwner, alarmId: string, alarm: AlarmState | undefined): StoredRow {
  return { kind: 'alarm', userId, methodId, alarmId, alarm };
}

function newOwner({ userId, methodId }: DigestOwner): OwnerState {
  return { userId, methodId, alarms: new Map(), pending: new Set(), ranAtMs: undefined, wish: undefined };
}

/** All owners of one worker, in memory. Knows no transport and no clock. */
export class DigestStates {
  readonly #users = new Map<string, Map<string, OwnerState>>();
  readonly #pending = new Set<OwnerState>();
  #anyWishesEmpty = false;

  /** Takes up a row that was stored before. */
  restore(row: Exclude<StoredRow, { kind: 'sent' }>): void {
    const owner = this.#owner(row);
    if (row.kind === 'schedule') owner.ranAtMs = row.ranAtMs;
    else if (row.kind === 'wish') this.#wishes(owner, row.wish);
    else this.#set(owner, row.alarmId, row.alarm);
  }

  /** `isFirst`: the owner had nothing to send before. */
  fold(
    change: StatusChange,
    nowMs: number,
  ): { readonly result: FoldResult; readonly owner: OwnerState; readonly isFirst: boolean } {
    const owner = this.#owner(change);
    const isFirst = owner.pending.size === 0;
    const { result, alarm } = fold(owner.alarms.get(change.alarmId), change, nowMs);
    if (result === 'stored' || result === 'same_status') this.#set(owner, change.alarmId, alarm);
    return { result, owner, isFirst };
  }

  /** Keeps what an owner wishes now; gives the row of a wish that is another one. */
  keepWish(owner: OwnerState, { schedule, empty }: MethodWish = {}): StoredRow | undefined {
    if (owner.wish?.schedule === schedule && owner.wish?.empty === empty) return undefined;
    const wish = { ...(schedule === undefined ? {} : { schedule }), ...(empty === undefined ? {} : { empty }) };
    this.#wishes(owner, wish);
    return { kind: 'wish', userId: owner.userId, methodId: owner.methodId, wish };
  }

  /** Some owner has wished for empty digests. */
  get anyWishesEmpty(): boolean {
    return this.#anyWishesEmpty;
  }

  /** Those whom a command means: one owner, or the user with all digest methods. An unknown one has nothing to send. */
  meantBy({ userId, methodId }: DigestOwner): readonly OwnerState[] {
    const methods = this.#users.get(userId);
    if (methodId === undefined && methods !== undefined) return [...methods.values()];
    return [this.find({ userId, methodId }) ?? newOwner({ userId, methodId })];
  }

  find({ userId, methodId }: DigestOwner): OwnerState | undefined {
    return this.#users.get(userId)?.get(methodId ?? '');
  }

  /** What a digest of this owner would contain now, in no order. */
  toSend(owner: OwnerState): readonly DigestAlarm[] {
    const found: DigestAlarm[] = [];
    for (const alarmId of owner.pending) {
      const alarm = owner.alarms.get(alarmId);
      if (alarm !== undefined) found.push({ alarmId, alarm });
    }
    return found;
  }

  /** Epoch milliseconds of the store of what has waited longest; undefined when nothing is to be sent. */
  oldestToSendAtMs(owner: OwnerState): number | undefined {
    const stores = this.toSend(owner).map(({ alarm }) => alarm.storedAtMs);
    return stores.length === 0 ? undefined : stores.reduce((oldest, atMs) => Math.min(oldest, atMs));
  }

  /** Clears the marks of exactly the versions that were sent, and gives their rows. */
  clear(owner: OwnerState, sent: readonly SentVersion[]): readonly StoredRow[] {
    const rows: StoredRow[] = [];
    for (const { alarmId, version } of sent) {
      const alarm = owner.alarms.get(alarmId);
      if (alarm?.version !== version || !alarm.toSend) continue;
      const cleared = { ...alarm, toSend: false };
      this.#set(owner, alarmId, cleared);
      rows.push(alarmRow(owner, alarmId, cleared));
    }
    return rows;
  }

  /** Forgets alarms that were cleared before `beforeMs`, at most `limitCount`; gives the rows to remove. Never an active one. */
  forget(beforeMs: number, limitCount: number): readonly StoredRow[] {
    const rows: StoredRow[] = [];
    for (const [userId, methods] of this.#users) {
      for (const [method, owner] of methods) {
        for (const [alarmId, { status, storedAtMs }] of owner.alarms) {
          if (rows.length >= limitCount) return rows;
          if (isActive(status) || storedAtMs >= beforeMs) continue;
          this.#set(owner, alarmId, undefined);
          rows.push(alarmRow(owner, alarmId, undefined));
        }
        if (owner.alarms.size > 0) continue;
        if (owner.ranAtMs !== undefined) {
          rows.push({ kind: 'schedule', userId, methodId: owner.methodId, ranAtMs: undefined });
        }
        if (owner.wish !== undefined) rows.push({ kind: 'wish', userId, methodId: owner.methodId, wish: undefined });
        methods.delete(method);
      }
      if (methods.size === 0) this.#users.delete(userId);
    }
    return rows;
  }

  /** Owners with something to send. */
  get pending(): ReadonlySet<OwnerState> {
    return this.#pending;
  }

  *owners(): Generator<OwnerState> {
    for (const methods of this.#users.values()) yield* methods.values();
  }

  /** For the metrics; looks at every alarm. */
  figures(): { readonly users: number; readonly pending: number; readonly tombstones: number } {
    let [pending, tombstones] = [0, 0];
    for (const owner of this.owners()) {
      pending += owner.pending.size;
      for (const { status } of owner.alarms.values()) if (!isActive(status)) tombstones += 1;
    }
    return { users: this.#users.size, pending, tombstones };
  }

  #owner({ userId, methodId }: DigestOwner): OwnerState {
    const methods = this.#users.get(userId) ?? new Map<string, OwnerState>();
    this.#users.set(userId, methods);
    const key = methodId ?? '';
    const known = methods.get(key);
    if (known !== undefined) return known;
    const owner = newOwner({ userId, methodId });
    methods.set(key, owner);
    return owner;
  }

  #wishes(owner: OwnerState, wish: MethodWish | undefined): void {
    owner.wish = wish;
    if (wish?.empty === 'send') this.#anyWishesEmpty = true;
  }

  #set(owner: OwnerState, alarmId: string, alarm: AlarmState | undefined): void {
    if (alarm === undefined) owner.alarms.delete(alarmId);
    else owner.alarms.set(alarmId, alarm);
    if (alarm?.toSend) owner.pending.add(alarmId);
    else owner.pending.delete(alarmId);
    if (owner.pending.size > 0) this.#pending.add(owner);
    else this.#pending.delete(owner);
  }
}
