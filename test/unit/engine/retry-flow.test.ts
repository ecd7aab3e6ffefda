import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { plainOffset } from '../../../src/engine/carry.js';
import { Flow } from '../../../src/engine/flow.js';
import type { FromWorker, WireAnswer, WireParcel } from '../../../src/runtime/protocol.js';
import type { Supervisor } from '../../../src/runtime/supervisor.js';
import { topology } from '../../../src/topology.js';
import { ParcelLedger } from '../../../src/tracker/ledger.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';
import { credits, FakeWorker } from '../../support/flow-bench.js';

const retries = { topic: 'retries', partition: 0 };
const alarms = { topic: 'alarms', partition: 0 };
const wire = (offset: number) => ({ ...retries, offset: String(offset) });
const parcel = (offset: number): WireParcel => ({ at: wire(offset), orderKey: `key ${offset}`, payload: 'g' });

/** The flow of a term with both topics, a retry engine and a sender. */
class Bench {
  readonly clock = new FakeClock();
  readonly telemetry = new RecordingTelemetry();
  readonly tracker = new FirstUnfinishedTracker({ clock: this.clock, capacityOf: () => 20_000 });
  readonly consumer = new FakeWorker('kafka_consumer', 0, 1);
  retryEngine = new FakeWorker('retry_engine', 0, 2);
  readonly sender = new FakeWorker('notification_processor', 0, 3);
  readonly recorder = new FakeWorker('sent_notification_processor', 0, 4);
  readonly flow: Flow;

  constructor() {
    const workers = () => [this.consumer, this.retryEngine, this.sender, this.recorder];
    const supervisor = {
      get workers() {
        return workers();
      },
      of: (stage: string) => workers().filter(({ ref }) => ref.stage === stage),
    };
    this.flow = new Flow({
      topology: topology({ alarm: 1, notification: 1 }),
      ...{ alarmTopic: 'alarms', waitingTopics: new Map([['retries', 'retry_engine' as const]]) },
      capacity: { alarms: 10, notifications: 10, sent_notifications: 10, finished: 10 },
      ledger: new ParcelLedger(),
      tracker: this.tracker,
      store: {
        load: () => Promise.resolve({ nextToRead: 5n, finishedAbove: Uint8Array.of(0b100) }),
        save: () => Promise.resolve(),
      },
      clock: this.clock,
      telemetry: this.telemetry,
      supervisor: () => supervisor as unknown as Supervisor,
      onBeat: () => undefined,
      onPartitions: () => undefined,
      onDigestsAsked: () => undefined,
      onFailure: (error) => assert.fail(error),
    });
  }

  hear(worker: FakeWorker, message: unknown): void {
    this.flow.hear(worker.asWorker, message as FromWorker);
  }

  async begin(): Promise<void> {
    for (const [worker, { topic }] of [
      [this.consumer, alarms],
      [this.retryEngine, retries],
    ] as const) {
      this.hear(worker, { type: 'partitions', topic, partitions: [0] });
    }
    const fence = { lockPath: '/lock', epoch: 1n };
    const lost = new AbortController().signal;
    const lease = { ended: new AbortController().signal, endsAtMonoMs: () => 5_000, endsAtMs: () => 1e15 };
    this.flow.beginTerm(lease, { fence, lost, release: () => Promise.resolve() });
    await this.clock.advance(0);
    for (const [worker, partition] of [
      [this.consumer, alarms],
      [this.retryEngine, retries],
    ] as const) {
      this.hear(worker, { type: 'positioned', term: 1, partition, nextToRead: '5', skipped: '0' });
    }
    this.hear(this.sender, credits(10));
    this.hear(this.recorder, credits(10));
  }

  held(...offsets: number[]): void {
    this.hear(this.retryEngine, { type: 'held', term: 1, positions: offsets.map(wire) });
  }

  async due(...offsets: number[]): Promise<void> {
    this.hear(this.retryEngine, { type: 'read', term: 1, parcels: [], wants: offsets.length });
    await this.clock.advance(0);
    this.hear(this.retryEngine, { type: 'read', term: 1, parcels: offsets.map(parcel) });
    await this.clock.advance(0);
  }

  /** Sent and recorded. */
  async done(...offsets: number[]): Promise<void> {
    const answer = (worker: FakeWorker, answers: readonly WireAnswer[], wants = 0) =>
      this.hear(worker, { type: 'answers', term: 1, answers, ...(wants > 0 ? { wants } : {}) });
    answer(this.sender, [], offsets.length);
    await this.clock.advance(0);
    answer(
      this.sender,
      offsets.map((offset) => ({ at: wire(offset), kind: 'forward', payload: 's' })),
    );
    await this.clock.advance(0);
    answer(
      this.recorder,
      offsets.map((offset) => ({ at: wire(offset), kind: 'finish', reason: 'recorded' })),
    );
  }

  committable(): bigint | undefined {
    return this.tracker.committable(retries)?.nextToRead;
  }
}

describe('the flow of retries', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench();
    await bench.begin();
  });

  it('tells each source of its own topic only, and the one that holds what is finished already', () => {
    assert.deepEqual(bench.consumer.of('resume'), [
      { type: 'resume', term: 1, partition: alarms, nextToRead: '5', committed: '5' },
    ]);
    const [resume, ...more] = bench.retryEngine.of('resume');
    assert.deepEqual([resume?.partition, resume?.nextToRead, more], [retries, '5', []]);
    assert.match(resume?.finished ?? '', /^mn1:/);
    const stored = plainOffset(6n);
    bench.flow.committed([
      { partition: alarms, stored },
      { partition: retries, stored },
    ]);
    assert.deepEqual(bench.consumer.of('committed')[0]?.positions, [{ ...alarms, offset: '6' }]);
    assert.deepEqual(bench.retryEngine.of('committed')[0]?.positions, [{ ...retries, offset: '6' }]);
    bench.flow.pause();
    assert.deepEqual(
      bench.consumer.of('pause').map(({ partition }) => partition),
      [alarms],
    );
    assert.deepEqual(
      bench.retryEngine.of('pause').map(({ partition }) => partition),
      [retries],
    );
  });

  it('puts in no queue what is held, and holds the commit', async () => {
    bench.held(5, 6);
    await bench.clock.advance(0);
    assert.equal(bench.flow.pipeline.unfinishedCount, 0);
    assert.equal(bench.committable(), 5n);
    await bench.due(6);
    assert.deepEqual(bench.sender.given, ['6']);
    await bench.done(6);
    assert.equal(bench.committable(), 5n);
    await bench.due(5);
    await bench.done(5);
    // 7 is finished according to what is stored, so 8 is next; nothing above 6 was read.
    assert.equal(bench.committable(), 7n);
  });

  it('drops what a replaced source gives a second time: in the queue, in hand and finished', async () => {
    bench.held(5, 6, 8);
    await bench.due(5, 6);
    await bench.done(5);
    bench.retryEngine.state = 'dead';
    bench.flow.workerDead(bench.retryEngine.asWorker);
    bench.retryEngine = new FakeWorker('retry_engine', 0, 9);
    bench.flow.workerReady(bench.retryEngine.asWorker);
    const [resume] = bench.retryEngine.of('resume');
    assert.deepEqual([resume?.nextToRead, resume?.committed], ['6', '5']);
    bench.hear(bench.retryEngine, { type: 'positioned', term: 1, partition: retries, nextToRead: '6', skipped: '0' });
    bench.held(6, 8, 9);
    await bench.due(6, 8, 9);
    assert.deepEqual(bench.sender.given, ['5', '6', '8', '9']);
    await bench.done(6, 8, 9);
    assert.equal(bench.committable(), 10n);
    await bench.due(6, 8, 9);
    assert.deepEqual(bench.sender.given, ['5', '6', '8', '9']);
    assert.equal(bench.flow.pipeline.unfinishedCount, 0);
  });

  it('passes what ended in the source', () => {
    bench.held(5, 6);
    bench.hear(bench.retryEngine, { type: 'finished', term: 1, positions: [wire(5)], reason: 'malformed' });
    assert.equal(bench.committable(), 6n);
  });

  it('takes no word of another term, and none while it is paused', () => {
    bench.hear(bench.retryEngine, { type: 'held', term: 0, positions: [wire(5)] });
    assert.equal(bench.tracker.progress(retries).unfinished, 0);
    bench.held(5);
    bench.hear(bench.retryEngine, { type: 'finished', term: 0, positions: [wire(5)], reason: 'malformed' });
    assert.equal(bench.tracker.progress(retries).unfinished, 1);
    bench.flow.pause();
    bench.held(6);
    assert.equal(bench.tracker.progress(retries).unfinished, 1);
  });

  it('refuses nonsense', () => {
    for (const positions of [undefined, 7, [{}], [{ ...retries, offset: 'x' }]]) {
      for (const type of ['held', 'finished']) {
        assert.throws(() => bench.hear(bench.retryEngine, { type, term: 1, positions, reason: 'malformed' }));
      }
    }
  });

  it('does not complain that the retry topic is absent, which it creates itself', () => {
    bench.hear(bench.retryEngine, { type: 'partitions', topic: 'retries', partitions: [] });
    assert.deepEqual(bench.telemetry.named('topic_absent'), []);
    bench.hear(bench.consumer, { type: 'partitions', topic: 'alarms', partitions: [] });
    assert.deepEqual(bench.telemetry.named('topic_absent'), [{ topic: 'alarms' }]);
  });
});
