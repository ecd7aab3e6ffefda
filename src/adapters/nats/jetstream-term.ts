import { setMaxListeners } from 'node:events';
import type { ConsumerMessages } from '@nats-io/jetstream';
import { EngineError } from '../../domain/errors.js';
import type { DigestActor, DigestWorkers } from '../../ports/digest.js';
import { JetstreamHome } from './jetstream-home.js';
import type { JetstreamParts } from './jetstream-parts.js';
import { natsFailure } from './library.js';
import { HeldMessages, type NatsMessage } from './nats-message.js';
import type { OwnerLease } from './owner-lease.js';
import { type Intake, prepareConsumer } from './streams.js';

const pulledCount = 1_000;
const progressMs = 10_000;
const rowName = /^[0-9a-f]{32}$/;

/** What one term owns: a lease, the workers that it covers, and where their messages come from. */
export interface TermOptions {
  readonly lease: OwnerLease;
  readonly workers: readonly number[];
  readonly intakes: readonly Intake[];
}

/**
 * One stretch of time in which this instance owns some workers: reads their state, takes their messages, works.
 *
 * Ends when `stop` aborts (what was taken is finished first), or when the lease ends or somebody else writes their state; what is in memory
 * is worthless then.
 */
export class JetstreamTerm {
  readonly #parts: JetstreamParts;
  readonly #workers: DigestWorkers<NatsMessage>;
  readonly #options: TermOptions;
  readonly #held = new HeldMessages();

  constructor(parts: JetstreamParts, workers: DigestWorkers<NatsMessage>, options: TermOptions) {
    this.#parts = parts;
    this.#workers = workers;
    this.#options = options;
  }

  /** @throws FENCED when the lease ended or another instance wrote our state; retriable errors of NATS. */
  async run(stop: AbortSignal): Promise<void> {
    const ending = new AbortController();
    // Every worker listens to it, and every request under way.
    setMaxListeners(0, ending.signal);
    const end = () => ending.abort();
    this.#options.lease.ended.addEventListener('abort', end, { once: true });
    const stopProgress = this.#parts.deps.clock.every(progressMs, () => this.#held.signalProgress());
    try {
      const actors = await this.#open(ending.signal);
      await this.#work(actors, stop, ending);
    } finally {
      stopProgress();
      ending.abort();
      this.#options.lease.ended.removeEventListener('abort', end);
    }
  }

  async #open(signal: AbortSignal): Promise<ReadonlyMap<number, DigestActor<NatsMessage>>> {
    const { lease, workers, intakes } = this.#options;
    const { js, jsm, state, stateStream, link, deps } = this.#parts;
    const home = new JetstreamHome(
      {
        ...{ js, jsm, kv: state, bucketStream: stateStream, lease, rows: this.#workers.rows },
        maxPayloadBytes: link.nats.info?.max_payload ?? 1_048_576,
      },
      deps,
    );
    const actors = new Map(workers.map((index) => [index, this.#workers.open(index, home)] as const));
    // Once the consumer is made anew, nothing that a former owner acknowledges counts: read its state after that.
    for (const intake of intakes) await prepareConsumer(link.library, jsm, intake, true);
    const rowCount = await this.#restore(actors, home, signal);
    lease.demand();
    deps.telemetry.event('digest_took_over', { workers: workers.join(), rows: rowCount });
    return actors;
  }

  async #restore(
    actors: ReadonlyMap<number, DigestActor<NatsMessage>>,
    home: JetstreamHome,
    signal: AbortSignal,
  ): Promise<number> {
    const { state } = this.#parts;
    if ((await state.status()).values === 0) return 0;
    let rowCount = 0;
    const entries = await state.watch();
    const give = () => entries.stop();
    signal.addEventListener('abort', give, { once: true });
    try {
      for await (const entry of entries) {
        if (entry.operation === 'PUT' && rowName.test(entry.key)) {
          const row = this.#workers.rows.parse(entry.string());
          const actor = actors.get(this.#workers.workerOf(row.userId));
          if (actor !== undefined) {
            home.know(entry.key, entry.revision);
            actor.restore(row);
            rowCount += 1;
          }
        }
        if (entry.delta === 0) break;
      }
    } finally {
      signal.removeEventListener('abort', give);
      entries.stop();
    }
    return rowCount;
  }

  async #work(
    actors: ReadonlyMap<number, DigestActor<NatsMessage>>,
    stop: AbortSignal,
    ending: AbortController,
  ): Promise<void> {
    const reading = AbortSignal.any([stop, ending.signal]);
    const pumps = () => this.#options.intakes.map((intake) => this.#pump(intake, actors, reading));
    await this.#workers.run(actors.values(), ending, pumps);
    this.#options.lease.demand();
  }

  async #pump(
    intake: Intake,
    actors: ReadonlyMap<number, DigestActor<NatsMessage>>,
    signal: AbortSignal,
  ): Promise<void> {
    const messages = await this.#consume(intake);
    const give = () => messages.stop();
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        const read = this.#workers.read(this.#held.hold(message));
        // What means nothing belongs to no user; any worker puts it aside.
        const actor = actors.get(read.worker) ?? actors.values().next().value;
        if (actor === undefined) return;
        if (actor.isFull) await actor.room();
        actor.take(read);
      }
    } finally {
      signal.removeEventListener('abort', give);
    }
    if (!signal.aborted)
      throw new EngineError('FENCED', `the consumer ${intake.durable} is gone`, { retriable: false });
  }

  async #consume({ stream, durable }: Intake): Promise<ConsumerMessages> {
    try {
      const consumer = await this.#parts.js.consumers.get(stream, durable);
      return await consumer.consume({ max_messages: pulledCount, abort_on_missing_resource: true });
    } catch (error) {
      throw natsFailure(error, `reading from stream ${stream}`);
    }
  }
}
