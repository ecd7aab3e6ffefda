import { DeliveryError, givenUp } from '../../src/domain/errors.js';
import type { Notification, NotificationMethod } from '../../src/domain/notification.js';
import type { TopicPartition } from '../../src/domain/position.js';
import type { Notifier, Receipt } from '../../src/ports/notifier.js';
import type { Fate } from './calls.js';
import type { Chance } from './chance.js';
import type { Checker } from './checker.js';
import type { DayChecker } from './day-checker.js';
import type { SimWorker } from './links.js';
import type { Sending } from './repeats.js';
import type { Scheduler } from './scheduler.js';

export type ReceiverMood = 'accepts' | 'refuses' | 'fails' | 'loses_answers' | 'is_slow' | 'hangs';

const timeoutMs = 3_000;
const moodsOfFates: Partial<Record<Fate, ReceiverMood>> = { fails: 'fails', 'loses the answer': 'loses_answers' };

/** Those who are told: each method has one, in a mood of its own. */
export class Receivers {
  readonly #scheduler: Scheduler;
  readonly #moods = new Map<string, { mood: ReceiverMood; untilMs: number }>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  setMood(methodId: string, mood: ReceiverMood, ms: number): void {
    this.#moods.set(methodId, { mood, untilMs: this.#scheduler.nowMs + ms });
  }

  moodOf(methodId: string): ReceiverMood {
    const set = this.#moods.get(methodId);
    return set !== undefined && set.untilMs > this.#scheduler.nowMs ? set.mood : 'accepts';
  }
}

export interface SenderWorld {
  readonly scheduler: Scheduler;
  readonly receivers: Receivers;
  readonly checker: Checker;
  readonly chance: Chance;
  /** Names the main and the term under which a worker sends. */
  termOf(
    worker: SimWorker,
    at: TopicPartition,
  ): { readonly run: string; readonly term: string; readonly lock: string | undefined };
  /** Another lock node than this one under which the partition is owned, as the servers have it. */
  otherHolder(lock: string | undefined, at: TopicPartition): string | undefined;
  /** Where retries and repeats are looked at. */
  readonly day: DayChecker | undefined;
}

/** A notifier that connects, writes and waits for the answer; a signal ends it at each of these steps. */
export class SimNotifier implements Notifier {
  readonly #world: SenderWorld;
  readonly #worker: SimWorker;

  constructor(world: SenderWorld, worker: SimWorker) {
    this.#world = world;
    this.#worker = worker;
  }

  destinationOf(method: NotificationMethod): string {
    return method.id;
  }

  async close(): Promise<void> {}

  async send(notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const { checker, chance } = this.#world;
    const { run, term, lock } = this.#world.termOf(this.#worker, notification.position);
    const { id, method } = notification;
    const { position } = notification.alarm;
    const worker = this.#worker.process.name;
    const leaseEndsAtMs = this.#worker.lease.endsAtMs;
    checker.sendBegins({
      id,
      position,
      methodId: method.id,
      run,
      worker,
      leaseEndsAtMs,
      lock,
      otherHolder: this.#world.otherHolder(lock, notification.position),
    });
    let isConcluded = false;
    try {
      await this.#worker.process.clock.sleep(chance.delayMs(2), signal);
      if (signal.aborted) throw givenUp('the send was given up');
      if (this.#world.scheduler.nowMs >= this.#worker.lease.endsAtMs) checker.repeats.lateCount += 1;
      const receipt = await this.#exchange(checker.repeats.bytesOut(id, term, worker), notification, signal);
      isConcluded = true;
      return receipt;
    } catch (error) {
      isConcluded = error instanceof DeliveryError;
      throw error;
    } finally {
      checker.sendEnded(id, isConcluded);
    }
  }

  #exchange(sending: Sending, notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const { scheduler, checker, receivers, chance, day } = this.#world;
    const { process } = this.#worker;
    return new Promise((resolve, reject) => {
      const limit = process.clock.limit(timeoutMs);
      const settle = (finish: () => void) => {
        limit.clear();
        signal.removeEventListener('abort', giveUp);
        finish();
      };
      const giveUp = () => {
        checker.repeats.givenUp(sending);
        settle(() => reject(givenUp('the send was given up')));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const lost = () => {
        // It will be tried again, and that is a cause.
        if (day !== undefined) checker.repeats.givenUp(sending);
        settle(() => reject(failed('outcome_unknown')));
      };
      limit.signal.addEventListener('abort', lost, { once: true });
      const arrive = (fate: Fate) => {
        const mood = moodsOfFates[fate] ?? receivers.moodOf(notification.method.id);
        if (mood !== 'refuses' && mood !== 'fails') checker.repeats.received(sending);
        day?.told(notification);
        if (mood === 'hangs') return;
        const answerMs = chance.delayMs(mood === 'is_slow' ? 600 : 1);
        scheduler.after(
          answerMs,
          () => (mood === 'loses_answers' ? lost() : settle(() => answer(mood, resolve, reject))),
          process,
        );
      };
      process.callAndGo('receiver', (fate) => scheduler.after(chance.delayMs(1), () => arrive(fate)));
    });
  }
}

function answer(mood: ReceiverMood, resolve: (receipt: Receipt) => void, reject: (error: Error) => void): void {
  if (mood === 'refuses') reject(failed('rejected', false));
  else if (mood === 'fails') reject(failed('server_error'));
  else resolve({ remoteId: undefined, wire: 'ok' });
}

function failed(failure: 'rejected' | 'server_error' | 'outcome_unknown', retriable = true): DeliveryError {
  return new DeliveryError(failure, { failure, retriable });
}
