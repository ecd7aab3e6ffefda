import { type AlarmStatus, isAlarmStatus } from '../domain/alarm-status.js';
import type { Clock } from '../ports/system.js';
import type { StateStore } from './state-file.js';

/** An event whose number is taken: it may be with Kafka or not. Sent again it is the same, letter by letter. */
export interface PendingEvent {
  readonly kind: 'transition' | 'repeat';
  readonly status: AlarmStatus;
  readonly changedAtMs: number;
  readonly atMs: number;
  readonly key: string;
  readonly value: string;
}

/** What is kept of one alarm. Times are epoch milliseconds. */
export interface KeptAlarm {
  /** The status last acknowledged. */
  readonly status: AlarmStatus;
  /** When that was. */
  readonly acceptedAtMs: number;
  /** When the state changed that was last acknowledged; repeats carry it. */
  readonly changedAtMs: number;
  /** The last time and number that were given out, acknowledged or not. */
  readonly issuedAtMs: number;
  readonly sequence: number;
  readonly pending: PendingEvent | undefined;
}

/** Alarms that were told of in an earlier run, and what this run adds. `scope` keeps programs and servers apart in one file. */
export class ProducerState {
  readonly #store: StateStore;
  readonly #scope: string;
  readonly #clock: Clock;
  readonly #onWrite: (result: 'ok' | 'failed') => void;
  readonly #kept = new Map<string, KeptAlarm>();
  /** The lines of the file, by scope and key; those of other scopes are handed on as they are. */
  readonly #lines = new Map<string, string>();
  #isDirty = true;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #lastWriteMs = 0;

  private constructor(store: StateStore, options: StateOptions) {
    this.#store = store;
    this.#scope = options.scope;
    this.#clock = options.clock;
    this.#onWrite = options.onWrite;
  }

  /**
   * Reads what there is and writes it once, so that a state that cannot be kept is known at the start.
   *
   * Without a file, or with a damaged one, which is put aside, everything starts as OK; `problem` then says so.
   * @throws STORE_UNAVAILABLE when it can be neither read nor written.
   */
  static async open(
    store: StateStore,
    options: StateOptions,
  ): Promise<{ readonly state: ProducerState; readonly problem: string | undefined }> {
    const state = new ProducerState(store, options);
    const text = await store.read();
    const problem = text === undefined ? `there is no state file ${store.name} yet` : state.#load(text);
    if (text !== undefined && problem !== undefined) await store.putAside();
    await state.saved();
    return { state, problem };
  }

  get(key: string): KeptAlarm | undefined {
    return this.#kept.get(key);
  }

  keys(): readonly string[] {
    return [...this.#kept.keys()];
  }

  set(key: string, alarm: KeptAlarm): void {
    this.#kept.set(key, alarm);
    this.#lines.set(lineKey(this.#scope, key), JSON.stringify({ scope: this.#scope, key, ...alarm }));
    this.#isDirty = true;
  }

  delete(key: string): void {
    this.#kept.delete(key);
    this.#lines.delete(lineKey(this.#scope, key));
    this.#isDirty = true;
  }

  /** Resolves when everything set before the call is on disk. One write serves all who wait for it. @throws STORE_UNAVAILABLE */
  async saved(): Promise<void> {
    if (!this.#isDirty) return await this.#running;
    this.#next ??= this.#writeAfter(this.#running);
    await this.#next;
  }

  async #writeAfter(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    // A large file, again and again: writing takes a fifth of the time at most.
    if (this.#lastWriteMs > 1) await this.#clock.sleep(4 * this.#lastWriteMs);
    this.#running = this.#write();
    this.#next = undefined;
    await this.#running;
  }

  async #write(): Promise<void> {
    const startedAtMonoMs = this.#clock.monoMs();
    this.#isDirty = false;
    try {
      await this.#store.replace(`[\n${[...this.#lines.values()].join(',\n')}\n]\n`);
      this.#onWrite('ok');
    } catch (error) {
      this.#isDirty = true;
      this.#onWrite('failed');
      throw error;
    } finally {
      this.#lastWriteMs = this.#clock.monoMs() - startedAtMonoMs;
    }
  }

  /** What is wrong with the text, if anything; nothing of it is used then. */
  #load(text: string): string | undefined {
    try {
      const entries: unknown = JSON.parse(text);
      if (!Array.isArray(entries)) throw new TypeError('expected a list');
      const read = entries.map(readEntry);
      for (const { scope, key, alarm } of read) {
        this.#lines.set(lineKey(scope, key), JSON.stringify({ scope, key, ...alarm }));
        if (scope === this.#scope) this.#kept.set(key, alarm);
      }
      return undefined;
    } catch {
      return `the state file ${this.#store.name} is damaged`;
    }
  }
}

/** How a state is opened. `onWrite` hears of each write. */
export interface StateOptions {
  readonly scope: string;
  readonly clock: Clock;
  readonly onWrite: (result: 'ok' | 'failed') => void;
}

type Members = Readonly<Record<string, unknown>>;

function readEntry(value: unknown): { scope: string; key: string; alarm: KeptAlarm } {
  const members = membersOf(value);
  const alarm: KeptAlarm = {
    status: statusOf(members.status),
    acceptedAtMs: timeOf(members.acceptedAtMs),
    changedAtMs: timeOf(members.changedAtMs),
    issuedAtMs: timeOf(members.issuedAtMs),
    sequence: timeOf(members.sequence),
    pending: members.pending === undefined ? undefined : readPending(membersOf(members.pending)),
  };
  return { scope: textOf(members.scope), key: textOf(members.key), alarm };
}

function readPending(members: Members): PendingEvent {
  const { kind } = members;
  if (kind !== 'transition' && kind !== 'repeat') throw new TypeError('expected a kind');
  return {
    kind,
    status: statusOf(members.status),
    changedAtMs: timeOf(members.changedAtMs),
    atMs: timeOf(members.atMs),
    key: textOf(members.key),
    value: textOf(members.value),
  };
}

function membersOf(value: unknown): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new TypeError('expected an object');
}

function statusOf(value: unknown): AlarmStatus {
  if (isAlarmStatus(value)) return value;
  throw new TypeError('expected a status');
}

/** Whole numbers that a Date or a sequence can be. */
function timeOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 8.64e15) return value;
  throw new TypeError('expected a time in milliseconds');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('expected a text');
}

function lineKey(scope: string, key: string): string {
  return `${scope}\u0000${key}`;
}
