import { type EngineError, givenUp } from '../../domain/errors.js';
import type { ProducedRecord } from './library-types.js';

/** A batch stays below the 1 MiB that Kafka takes by default. */
const BATCH_BYTES = 900_000;
const BATCH_COUNT = 500;
/** Kafka's own bytes around one record, at most. */
const RECORD_OVERHEAD_BYTES = 128;

interface Waiting {
  readonly record: ProducedRecord;
  readonly bytes: number;
  readonly settle: (error?: EngineError) => void;
}

/** Records of one partition in the order given, and the batches into which they go. Knows nothing of the network. */
export class PublishLane {
  #waiting: Waiting[] = [];
  #limitCount = BATCH_COUNT;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Resolves when the record is acknowledged. @throws ABORTED when `signal` aborts first; the record may still be written then. */
  add(record: ProducedRecord, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: EngineError) => {
        signal.removeEventListener('abort', giveUp);
        if (error === undefined) resolve();
        else reject(error);
      };
      const waiting = { record, bytes: bytesOf(record), settle };
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        settle(givenUp('publishing to Kafka was given up'));
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** The front of the lane, as much as one request holds and at least one record. The same again until it is settled. */
  batch(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of this.#waiting) {
      if (count > 0 && (count >= this.#limitCount || bytes + more > BATCH_BYTES)) break;
      bytes += more;
      count += 1;
    }
    return this.#waiting.slice(0, count);
  }

  acknowledged(batch: readonly Waiting[]): void {
    this.#limitCount = BATCH_COUNT;
    this.#settle(batch, undefined);
  }

  /** Kafka will never take this batch as it is: a lone record is refused with `error`, a larger batch comes again in halves. */
  refused(batch: readonly Waiting[], error: EngineError): void {
    if (batch.length > 1) {
      this.#limitCount = Math.ceil(batch.length / 2);
      return;
    }
    this.#limitCount = BATCH_COUNT;
    this.#settle(batch, error);
  }

  /** Everything that waits fails for the same reason. */
  failAll(error: EngineError): void {
    this.#settle(this.#waiting, error);
  }

  #settle(batch: readonly Waiting[], error: EngineError | undefined): void {
    const settled = new Set(batch);
    this.#waiting = this.#waiting.filter((waiting) => !settled.has(waiting));
    for (const waiting of batch) waiting.settle(error);
  }
}

function bytesOf({ key, value, headers }: ProducedRecord): number {
  const texts = [key, value, ...Object.entries(headers).flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), RECORD_OVERHEAD_BYTES);
}
