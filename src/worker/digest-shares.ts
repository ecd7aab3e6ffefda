import { setMaxListeners } from 'node:events';
import { ConfigurationError, EngineError, messageOf } from '../domain/errors.js';
import type { TopicPartition } from '../domain/position.js';
import type { PartitionWork } from '../ownership/hand-over.js';
import type { HeldLock, Lease } from '../ports/ownership.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const againMs = 500;

/** What one stretch of work on a partition needs to know. */
export interface ShareTerm {
  readonly partition: number;
  /** Finish what was taken, then end. */
  readonly stop: AbortSignal;
  /** The lock or the lease is over: end at once. */
  readonly ended: AbortSignal;
  /** @throws FENCED when we may not write any more; asked right before. */
  demand(): void;
}

export interface DigestSharesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Takes the partition over and works on it until `stop` or `ended`; throws what went wrong. */
  runTerm(term: ShareTerm): Promise<void>;
  /** What no repetition cures. */
  failed(error: ConfigurationError): void;
}

interface Share {
  readonly lock: HeldLock;
  readonly stop: AbortController;
  readonly ended: AbortSignal;
  isRunning: boolean;
  done: Promise<void>;
}

/**
 * The partitions of the digest that this instance holds, each worked on by a term of its own, so that one comes or goes without the others.
 *
 * A term that fails is begun again while the lock is held. Draining a partition is letting its term end: what was taken is committed then.
 */
export class DigestShares implements PartitionWork {
  readonly #deps: DigestSharesDeps;
  readonly #shares = new Map<number, Share>();
  #lease: Lease | undefined;
  #ending = new AbortController();

  constructor(deps: DigestSharesDeps) {
    this.#deps = deps;
  }

  /** What is taken from here on may be worked on as long as this lease lasts. */
  begin(lease: Lease): void {
    this.#lease = lease;
    this.#ending = new AbortController();
    // One listener per partition.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Everything in hand is void. Told once for all partitions, since each of them would say the same. */
  end(reason: string): void {
    this.#ending.abort();
    const running = [...this.#shares].filter(([, { isRunning }]) => isRunning).map(([partition]) => partition);
    if (running.length === 0) return;
    this.#deps.telemetry.event('digest_gave_up', { workers: running.join(), error: `ownership is over: ${reason}` });
  }

  take({ partition }: TopicPartition, lock: HeldLock): void {
    // The one before may still be ending; it writes nothing any more, or what it took in good order.
    const before = this.#shares.get(partition)?.done ?? Promise.resolve();
    const ended = AbortSignal.any([this.#ending.signal, lock.lost]);
    const share: Share = { lock, stop: new AbortController(), ended, isRunning: true, done: before };
    share.done = before.then(() => this.#work(partition, share));
    this.#shares.set(partition, share);
  }

  pause({ partition }: TopicPartition): void {
    this.#shares.get(partition)?.stop.abort();
  }

  goOn(at: TopicPartition): void {
    const share = this.#shares.get(at.partition);
    if (share !== undefined) this.take(at, share.lock);
  }

  /** 1 until its term has ended: a term answers for all that it took. */
  inFlowCount({ partition }: TopicPartition): number {
    return this.#shares.get(partition)?.isRunning ? 1 : 0;
  }

  flush({ partition }: TopicPartition): Promise<boolean> {
    return Promise.resolve(this.#shares.get(partition)?.ended.aborted === false);
  }

  leave({ partition }: TopicPartition): void {
    this.#shares.delete(partition);
  }

  /** Resolves when no term runs any more; call `end` before, or drain all. */
  async close(): Promise<void> {
    await Promise.all([...this.#shares.values()].map(({ done }) => done));
  }

  async #work(partition: number, share: Share): Promise<void> {
    await this.#untilOver(partition, share);
    share.isRunning = false;
  }

  async #untilOver(partition: number, { stop, ended }: Share): Promise<void> {
    const { clock, random, telemetry, runTerm, failed } = this.#deps;
    const over = AbortSignal.any([stop.signal, ended]);
    while (!over.aborted) {
      try {
        await runTerm({ partition, stop: stop.signal, ended, demand: demandOf(this.#lease, ended, clock) });
        telemetry.event('digest_handed_over', { workers: String(partition) });
        return;
      } catch (error) {
        if (error instanceof ConfigurationError) failed(error);
        if (over.aborted) break;
        telemetry.event('digest_gave_up', { workers: String(partition), error: messageOf(error) });
        if (error instanceof ConfigurationError) break;
        await clock.sleep(againMs * (0.5 + random()), over);
      }
    }
  }
}

/** The question that is asked right before anything that another owner would have to live with. */
export function demandOf(lease: Lease | undefined, ended: AbortSignal, clock: Clock): () => void {
  return () => {
    if (!ended.aborted && lease !== undefined && clock.monoMs() < lease.endsAtMonoMs()) return;
    throw new EngineError('FENCED', 'the lease of the digest is over', { retriable: false });
  };
}
