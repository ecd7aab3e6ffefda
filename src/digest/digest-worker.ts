import { backOffMs } from '../domain/back-off.js';
import { EngineError, messageOf } from '../domain/errors.js';
import type { Schedule } from '../domain/schedule.js';
import {
  type DigestActor,
  type DigestHome,
  type DigestOwner,
  isFenced,
  type ReadMessage,
  type StoredRow,
  type TakenMessage,
} from '../ports/digest.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { DigestRules } from './digest-rules.js';
import { DigestStates } from './digest-states.js';
import { Mailbox } from './mailbox.js';
import { type DigestItem, isSentEmpty, RoundPlan } from './round-plan.js';

/** What waits in front of one worker before its intake stops. */
const mailboxCount = 2_000;
const pauses = { firstMs: 100, longestMs: 5_000 } as const;
const forgetCount = 500;
const dayMs = 86_400_000;

export interface DigestWorkerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/**
 * Holds the state of some users and decides alone: an actor with its own maps and a bounded mailbox.
 *
 * Takes what waits in rounds. A round is committed as a whole, again and again until it is; only then the next one is begun. So nothing
 * changes between the snapshot of a digest and its confirmation, and a failed publish leaves every mark where it was.
 */
export class DigestWorker<Message extends TakenMessage> implements DigestActor<Message> {
  readonly states = new DigestStates();
  readonly #index: number;
  readonly #home: DigestHome<Message>;
  readonly #rules: DigestRules;
  readonly #deps: DigestWorkerDeps;
  readonly #mailbox = new Mailbox<DigestItem<Message>>(mailboxCount);
  readonly #dues = new Set<string>();
  #forgotAtMs = 0;

  constructor(index: number, home: DigestHome<Message>, rules: DigestRules, deps: DigestWorkerDeps) {
    this.#index = index;
    this.#home = home;
    this.#rules = rules;
    this.#deps = deps;
  }

  restore(row: StoredRow): void {
    // Its marks may not be here yet; they are when the first round begins.
    if (row.kind === 'sent') this.#mailbox.put({ kind: 'told', row });
    else this.states.restore(row);
  }

  get isFull(): boolean {
    return this.#mailbox.isFull;
  }

  /** Resolves when the mailbox has room again. */
  room(): Promise<void> {
    return this.#mailbox.room();
  }

  take({ taken, message }: ReadMessage<Message>): void {
    this.#mailbox.put({ kind: 'message', taken, message });
  }

  /** Takes nothing more; `run` ends when all that was taken is committed. */
  close(): void {
    this.#mailbox.close();
  }

  /** Looks at the wall clock: puts what is due into the mailbox. Called about once a second. */
  tick(nowMs: number): void {
    const { empty, methodEmpty } = this.#rules;
    const isEmptySaid = empty === 'send' || [...(methodEmpty?.values() ?? [])].includes('send');
    const candidates = isEmptySaid || this.states.anyWishesEmpty ? this.states.owners() : this.states.pending;
    const latest = new Map<Schedule, number>();
    for (const owner of candidates) {
      if (owner.pending.size === 0 && !isSentEmpty(this.#rules, owner)) continue;
      const schedule = this.#rules.scheduleOf(owner);
      if (schedule === undefined) continue;
      const dueAtMs = latest.get(schedule) ?? schedule.dueAtOrBefore(nowMs);
      latest.set(schedule, dueAtMs);
      // A schedule that is new to this owner owes what fell due since there was something to send.
      owner.ranAtMs ??= schedule.dueAtOrBefore(this.states.oldestToSendAtMs(owner) ?? nowMs);
      const name = dueName(owner, dueAtMs);
      if (dueAtMs <= owner.ranAtMs || this.#dues.has(name)) continue;
      this.#dues.add(name);
      const { userId, methodId } = owner;
      this.#mailbox.put({ kind: 'due', owner: { userId, methodId }, dueAtMs });
      this.#deps.telemetry.gauge('digest_schedule_lag_seconds', (nowMs - dueAtMs) / 1_000);
    }
    if (nowMs - this.#forgotAtMs > dayMs / 24) {
      this.#forgotAtMs = nowMs;
      this.#mailbox.put({ kind: 'forget' });
    }
    this.#deps.telemetry.gauge('digest_mailbox_depth', this.#mailbox.length, { worker: String(this.#index) });
  }

  /**
   * Works until `close` and an empty mailbox, or until `signal` aborts.
   *
   * @throws FENCED when another instance owns this worker: what it knows is worthless from then on.
   */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#mailbox.close();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        await this.#mailbox.filled();
        if (this.#mailbox.length === 0) return;
        await this.#commit(this.#gather(), signal);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      // Whoever waits for room must not wait for one who has failed.
      this.#mailbox.close();
    }
  }

  /** As many items as go into one round; the rest waits for the next. */
  #gather(): RoundPlan<Message> {
    const nowMs = this.#deps.clock.nowMs();
    const plan = new RoundPlan<Message>(this.states, this.#rules, this.#home.digestLimitBytes, nowMs);
    for (let item = this.#mailbox.peek(); item !== undefined && plan.hasRoomFor(item); item = this.#mailbox.peek()) {
      this.#mailbox.take();
      switch (item.kind) {
        case 'message':
          plan.add(item.taken, item.message);
          break;
        case 'due':
          this.#dues.delete(dueName(item.owner, item.dueAtMs));
          plan.run(item.owner, item.dueAtMs);
          break;
        case 'told':
          plan.settle(item.row);
          break;
        case 'forget':
          plan.forget(nowMs - this.#rules.tombstoneDays * dayMs, forgetCount);
          break;
        default:
          item satisfies never;
      }
    }
    return plan;
  }

  async #commit(plan: RoundPlan<Message>, signal: AbortSignal): Promise<void> {
    const { telemetry, clock, random } = this.#deps;
    const round = plan.round();
    for (let failures = 1; ; failures += 1) {
      const startedAtMonoMs = clock.monoMs();
      try {
        await this.#home.commit(round, signal);
        telemetry.observe('digest_store_seconds', (clock.monoMs() - startedAtMonoMs) / 1_000);
        break;
      } catch (error) {
        if (signal.aborted || !(error instanceof EngineError) || isFenced(error) || !error.retriable) throw error;
        plan.tellFailure(telemetry);
        telemetry.event('digest_commit_failed', {
          worker: this.#index,
          failures,
          error: messageOf(error),
        });
        await clock.sleep(backOffMs(pauses, failures, random), signal);
        if (signal.aborted) throw error;
      }
    }
    plan.tell(telemetry);
  }
}

function dueName({ userId, methodId }: DigestOwner, dueAtMs: number): string {
  return `${userId.length}:${userId}${methodId ?? ''}@${dueAtMs}`;
}
