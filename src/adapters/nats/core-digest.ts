import { setMaxListeners } from 'node:events';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { untilAborted } from '../../domain/until-aborted.js';
import type { DigestActor, DigestHome, DigestRound, DigestWorkers } from '../../ports/digest.js';
import type { NatsDeps, NatsLink } from './connection.js';
import { natsFailure } from './library.js';
import { formOf, type NatsMessage } from './nats-message.js';
import { commandSubject, deadLetterSubject, digestSubject, statusSubject } from './streams.js';

/** The server cannot be slowed down: beyond so many waiting messages the newest are lost, counted and told. */
const waitingLimitCount = 500_000;
const limitShare = 0.9;

/** Publishes and flushes; state is in memory only, so there is nothing to store and nothing to acknowledge. */
class CoreHome implements DigestHome<NatsMessage> {
  readonly digestLimitBytes: number;
  readonly #nats: NatsConnection;
  readonly #deps: NatsDeps;

  constructor(nats: NatsConnection, deps: NatsDeps) {
    this.#nats = nats;
    this.#deps = deps;
    this.digestLimitBytes = Math.floor((nats.info?.max_payload ?? 1_048_576) * limitShare);
  }

  async commit({ digests, deadLetters }: DigestRound<NatsMessage>): Promise<void> {
    if (digests.length + deadLetters.length === 0) return;
    const startedAtMonoMs = this.#deps.clock.monoMs();
    try {
      for (const { text } of digests) this.#nats.publish(digestSubject, text);
      for (const { subject, reason, value } of deadLetters) {
        const letter = { Subject: subject, Reason: reason, RawBase64: Buffer.from(value).toString('base64') };
        this.#nats.publish(deadLetterSubject, JSON.stringify(letter));
      }
      await this.#nats.flush();
    } catch (error) {
      throw natsFailure(error, 'publishing a digest');
    }
    this.#deps.telemetry.observe('digest_publish_seconds', (this.#deps.clock.monoMs() - startedAtMonoMs) / 1_000);
  }
}

/**
 * Runs the digest without JetStream until `stop` aborts. Not durable, and meant for one instance: two would both send.
 *
 * Both subjects feed one line in the order of arrival, so that a command never overtakes an alarm of the same connection.
 */
export async function runCoreDigest(
  link: NatsLink,
  workers: DigestWorkers<NatsMessage>,
  deps: NatsDeps,
  stop: AbortSignal,
): Promise<void> {
  const home = new CoreHome(link.nats, deps);
  const actors = Array.from({ length: workers.count }, (_, index) => workers.open(index, home));
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const runs = actors.map((actor) => actor.run(ending.signal));
  const line = new ArrivalLine(actors, workers, deps);
  const subscriptions = [statusSubject, commandSubject].map((subject) =>
    link.nats.subscribe(subject, { callback: (error, message) => (error === null ? line.add(message) : undefined) }),
  );
  deps.telemetry.event('digest_took_over', { workers: 'all', rows: 0 });
  const closed = link.nats.closed();
  try {
    await Promise.race([untilAborted(stop), closed, ...runs]);
    for (const subscription of subscriptions) subscription.unsubscribe();
    await line.emptied();
    for (const actor of actors) actor.close();
    await Promise.all(runs);
    await link.nats.flush().catch(() => undefined);
  } finally {
    ending.abort();
  }
}

/** Arrived messages on their way to the workers: directly while these have room, else in line. */
class ArrivalLine {
  readonly #actors: readonly DigestActor<NatsMessage>[];
  readonly #workers: DigestWorkers<NatsMessage>;
  readonly #deps: NatsDeps;
  #waiting: Msg[] = [];
  #draining: Promise<void> | undefined;
  #droppedCount = 0;
  #givenCount = 0;

  constructor(actors: readonly DigestActor<NatsMessage>[], workers: DigestWorkers<NatsMessage>, deps: NatsDeps) {
    this.#actors = actors;
    this.#workers = workers;
    this.#deps = deps;
  }

  add(message: Msg): void {
    if (this.#draining === undefined && this.#give(message)) return;
    if (this.#waiting.length >= waitingLimitCount) {
      this.#droppedCount += 1;
      if (this.#droppedCount % 10_000 === 1) {
        this.#deps.telemetry.event('digest_overflow', { dropped: this.#droppedCount });
      }
      return;
    }
    this.#waiting.push(message);
    this.#draining ??= this.#drain();
  }

  async emptied(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const messages = this.#waiting;
      this.#waiting = [];
      for (const message of messages) {
        while (!this.#give(message))
          await Promise.race(this.#actors.filter(({ isFull }) => isFull).map((one) => one.room()));
      }
    }
    this.#draining = undefined;
  }

  /** False when its worker has no room now. */
  #give(message: Msg): boolean {
    const { subject, data } = message;
    const place = String(this.#givenCount);
    const taken = { subject, form: formOf(subject), value: data, place, isRepeated: false, finish: () => undefined };
    const read = this.#workers.read(taken);
    const actor = this.#actors[read.worker];
    if (actor === undefined || actor.isFull) return false;
    actor.take(read);
    this.#givenCount += 1;
    return true;
  }
}
