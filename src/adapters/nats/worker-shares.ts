import type { JsMsg } from '@nats-io/jetstream';
import { EngineError, messageOf } from '../../domain/errors.js';
import type { DigestWorkers } from '../../ports/digest.js';
import type { JetstreamParts } from './jetstream-parts.js';
import { JetstreamTerm } from './jetstream-term.js';
import { natsFailure } from './library.js';
import { HeldMessages, type NatsMessage, routedHeader } from './nats-message.js';
import { OwnerLease } from './owner-lease.js';
import { type Intake, prepareConsumer, workerIntake, workerSubject } from './streams.js';

const lookMs = 1_000;
const routedCount = 500;
const answerLimitMs = 5_000;

interface Share {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * `--lock partition`: instances share the workers, each taking its fair part, and every instance routes.
 *
 * Messages do not carry the user in their subject, so a router passes each on to the subject of its worker, and acknowledges it when that
 * is stored. An instance shows itself by a lease of its own; who has more than its part gives one back after finishing what it took.
 */
export class WorkerShares {
  readonly #parts: JetstreamParts;
  readonly #workers: DigestWorkers<NatsMessage>;
  readonly #instance: string;
  readonly #shares = new Map<number, Share>();

  constructor(parts: JetstreamParts, workers: DigestWorkers<NatsMessage>, instance: string) {
    this.#parts = parts;
    this.#workers = workers;
    this.#instance = instance;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { owners, deps } = this.#parts;
    const name = `instance.${this.#instance.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
    const presence = await OwnerLease.acquire(owners, name, this.#instance, deps, stop);
    const ending = AbortSignal.any([stop, presence.ended]);
    const routing = this.#parts.intakes.map((intake) => this.#route(intake, ending));
    try {
      const broken = Promise.all(routing).then(() => undefined);
      await Promise.race([this.#share(ending), broken]);
      await broken;
    } finally {
      for (const { stop: stopShare } of this.#shares.values()) stopShare.abort();
      await Promise.all([...this.#shares.values()].map(({ done }) => done));
      await this.#parts.link.nats.flush().catch(() => undefined);
      await presence.release();
    }
    if (!stop.aborted) throw new EngineError('FENCED', 'the lease of this instance ended', { retriable: false });
  }

  async #share(ending: AbortSignal): Promise<void> {
    const { owners, deps } = this.#parts;
    while (!ending.aborted) {
      const owned = new Set<string>();
      for await (const key of await owners.keys()) owned.add(key);
      const instances = Math.max(1, [...owned].filter((key) => key.startsWith('instance.')).length);
      const fair = Math.ceil(this.#workers.count / instances);
      for (let worker = 0; worker < this.#workers.count && this.#shares.size < fair; worker += 1) {
        if (!owned.has(`worker.${worker}`) && !this.#shares.has(worker)) await this.#take(worker);
      }
      const [last] = [...this.#shares.entries()].slice(fair);
      last?.[1].stop.abort();
      await deps.clock.sleep(lookMs * (0.5 + deps.random()), ending);
    }
  }

  async #take(worker: number): Promise<void> {
    const { owners, deps } = this.#parts;
    const lease = await OwnerLease.tryAcquire(owners, `worker.${worker}`, this.#instance, deps);
    if (lease === undefined) return;
    const stop = new AbortController();
    const term = new JetstreamTerm(this.#parts, this.#workers, {
      lease,
      workers: [worker],
      intakes: [workerIntake(worker)],
    });
    const work = async () => {
      try {
        await term.run(stop.signal);
        await this.#parts.link.nats.flush();
        deps.telemetry.event('digest_handed_over', { workers: String(worker) });
      } catch (error) {
        deps.telemetry.event('digest_gave_up', { workers: String(worker), error: messageOf(error) });
      } finally {
        await lease.release();
        this.#shares.delete(worker);
      }
    };
    this.#shares.set(worker, { stop, done: work() });
  }

  async #route(intake: Intake, signal: AbortSignal): Promise<void> {
    const { js, jsm, link, deps } = this.#parts;
    await prepareConsumer(link.library, jsm, intake, false);
    const consumer = await js.consumers.get(intake.stream, intake.durable);
    const messages = await consumer.consume({ max_messages: routedCount, abort_on_missing_resource: true });
    const give = () => messages.stop();
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
    const held = new HeldMessages();
    const underWay = new Set<Promise<void>>();
    const stopProgress = deps.clock.every(answerLimitMs, () => held.signalProgress());
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        const passing = this.#pass(message, held).finally(() => underWay.delete(passing));
        underWay.add(passing);
        if (underWay.size >= routedCount) await Promise.race(underWay);
      }
    } finally {
      await Promise.all(underWay);
      stopProgress();
      signal.removeEventListener('abort', give);
    }
  }

  /** Tries until the worker's stream has the message. The number in the first stream keeps a repetition out of it. */
  async #pass(message: JsMsg, held: HeldMessages): Promise<void> {
    const { js, link, deps } = this.#parts;
    const taken = held.hold(message);
    const { worker } = this.#workers.read(taken);
    const headers = link.library.transport.headers();
    headers.set(routedHeader, taken.subject);
    const msgID = `${message.info.stream}:${message.seq}`;
    try {
      await js.publish(`${workerSubject}.${worker}`, taken.value, { headers, msgID, timeout: answerLimitMs });
      taken.finish();
    } catch (error) {
      // Not acknowledged, it comes again.
      deps.telemetry.event('digest_commit_failed', { error: natsFailure(error, 'routing a message').message });
      message.nak(answerLimitMs);
    }
  }
}
