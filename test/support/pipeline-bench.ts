import assert from 'node:assert/strict';
import type { StageName } from '../../src/ports/flow.js';
import { Pipeline } from '../../src/runtime/pipeline.js';
import type { FromWorker } from '../../src/runtime/protocol.js';
import { topology } from '../../src/topology.js';
import { ParcelLedger } from '../../src/tracker/ledger.js';
import { credits, FakeWorker, read } from './flow-bench.js';

type FlowMessage = Parameters<Pipeline['handle']>[1];

/** The queues and workers without processes. */
export class PipelineBench {
  readonly begun: bigint[] = [];
  readonly finished: bigint[] = [];
  readonly quarantined: bigint[] = [];
  readonly source = new FakeWorker('kafka_consumer');
  begins = (_offset: bigint) => true;
  #soon: (() => void)[] = [];
  #generation = 1;
  readonly pipeline: Pipeline;

  constructor(capacity = 100, capacityBytes = 1_000_000) {
    this.pipeline = new Pipeline({
      topology: topology({ alarm: 2, notification: 2 }),
      capacity: { alarms: capacity, notifications: 2, sent_notifications: 2, finished: 2 },
      capacityBytes,
      ledger: new ParcelLedger(),
      soon: (run) => this.#soon.push(run),
      begin: ({ offset }) => {
        this.begun.push(offset);
        return this.begins(offset);
      },
      finish: ({ offset }) => this.finished.push(offset),
      quarantined: ({ position }) => this.quarantined.push(position.offset),
    });
    this.pipeline.begin(1);
  }

  hear(worker: FakeWorker, message: unknown): void {
    this.pipeline.handle(worker.asWorker, message as FlowMessage);
    this.turn();
  }

  turn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  worker(stage: StageName, more = 10): FakeWorker {
    this.#generation += 1;
    const worker = new FakeWorker(stage, 0, this.#generation);
    this.hear(worker, credits(more, this.pipeline.term));
    return worker;
  }

  /** Puts these on the first queue. */
  read(...offsets: number[]): void {
    this.hear(this.source, read([], { wants: offsets.length, term: this.pipeline.term }));
    this.hear(this.source, read(offsets, { term: this.pipeline.term }));
  }

  kill(worker: FakeWorker): void {
    worker.state = 'dead';
    this.pipeline.bury(worker.asWorker);
    this.turn();
  }

  refuses(worker: FakeWorker, message: FromWorker | object): void {
    assert.throws(() => this.hear(worker, message));
  }
}
