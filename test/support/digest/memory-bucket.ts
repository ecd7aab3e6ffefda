import { JetstreamHome, type JetstreamHomeOptions } from '../../../src/adapters/nats/jetstream-home.js';
import { parseRow, rowKey, rowText } from '../../../src/digest/stored-row.js';
import { EngineError } from '../../../src/domain/errors.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { RecordingTelemetry } from '../fakes/recording-telemetry.js';

/** A bucket that keeps what it is given and what is published, may lose the answer to a put, and may die with its instance in between. */
export class MemoryBucket {
  readonly entries = new Map<string, { readonly text: string; readonly revision: number }>();
  readonly published: { readonly id: string; readonly text: string }[] = [];
  lostAnswerAt = 0;
  /** So many more steps are done: puts, removals, publishes. */
  stepsLeft = Number.POSITIVE_INFINITY;
  isOurs = true;
  onDeath: () => void = () => undefined;
  #puts = 0;

  async put(key: string, text: string, { previousSeq }: { readonly previousSeq: number }): Promise<number> {
    this.#step();
    if ((this.entries.get(key)?.revision ?? 0) !== previousSeq) {
      throw Object.assign(new Error('wrong last sequence'), { code: 10_071 });
    }
    this.#puts += 1;
    this.entries.set(key, { text, revision: this.#puts });
    if (this.#puts === this.lostAnswerAt) throw new Error('timeout');
    return this.#puts;
  }

  async get(key: string) {
    const entry = this.entries.get(key);
    return entry === undefined ? null : { operation: 'PUT', revision: entry.revision, string: () => entry.text };
  }

  home(): JetstreamHome {
    const lease = {
      demand: () => {
        if (!this.isOurs) throw new EngineError('FENCED', 'over', { retriable: false });
      },
    };
    const publish = async (_subject: string, text: string, { msgID: id }: { readonly msgID: string }) => {
      this.#step();
      this.published.push({ id, text });
    };
    const purge = async (_stream: string, { filter }: { readonly filter: string }) => {
      this.#step();
      this.entries.delete(filter.slice(filter.lastIndexOf('.') + 1));
    };
    const options = {
      ...{ js: { publish }, jsm: { streams: { purge } }, kv: this, bucketStream: 'KV_S', lease },
      ...{ maxPayloadBytes: 1_000, rows: { key: rowKey, text: rowText, parse: parseRow } },
    };
    const home = new JetstreamHome(options as unknown as JetstreamHomeOptions, {
      clock: new FakeClock(),
      telemetry: new RecordingTelemetry(),
    });
    for (const [key, { revision }] of this.entries) home.know(key, revision);
    return home;
  }

  #step(): void {
    if (this.stepsLeft > 0) {
      this.stepsLeft -= 1;
      return;
    }
    this.onDeath();
    throw new Error('connection closed');
  }
}
