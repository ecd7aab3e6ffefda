import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainOffset } from '../../../src/engine/carry.js';
import { Flow } from '../../../src/engine/flow.js';
import type { FromWorker } from '../../../src/runtime/protocol.js';
import type { Supervisor } from '../../../src/runtime/supervisor.js';
import { topology } from '../../../src/topology.js';
import { ParcelLedger } from '../../../src/tracker/ledger.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';
import { answers, credits, FakeWorker, finish, read } from '../../support/flow-bench.js';

const at = { topic: 'alarms', partition: 0 };

class Bench {
  readonly clock = new FakeClock();
  readonly telemetry = new RecordingTelemetry();
  readonly tracker = new FirstUnfinishedTracker({ clock: this.clock, capacityOf: () => 20_000 });
  readonly source = new FakeWorker('kafka_consumer');
  readonly sender = new FakeWorker('alarm_processor', 0, 2);
  workers = [this.source, this.sender];
  leaseEndsAtMonoMs = 5_000;
  beatCount = 0;
  stored = plainOffset(5n);
  readonly flow: Flow;

  constructor() {
    const supervisor = {
      workers: this.workers,
      of: (stage: string) => this.workers.filter(({ ref }) => ref.stage === stage),
    };
    this.flow = new Flow({
      topology: topology({ alarm: 1, notification: 1 }),
      alarmTopic: 'alarms',
      waitingTopics: new Map([['retries', 'retry_engine' as const]]),
      capacity: { alarms: 10, notifications: 10, sent_notifications: 10, finished: 10 },
      ledger: new ParcelLedger(),
      tracker: this.tracker,
      store: { load: () => Promise.resolve(this.stored), save: () => Promise.resolve() },
      clock: this.clock,
      telemetry: this.telemetry,
      supervisor: () => supervisor as unknown as Supervisor,
      onBeat: () => {
        this.beatCount += 1;
      },
      onPartitions: () => undefined,
      onDigestsAsked: () => undefined,
      onFailure: (error) => assert.fail(error),
    });
    for (const worker of this.workers) this.flow.workerReady(worker.asWorker);
  }

  hear(worker: FakeWorker, message: unknown): void {
    this.flow.hear(worker.asWorker, message as FromWorker);
  }

  begin(): void {
    const lock = {
      fence: { lockPath: '/lock', epoch: 1n },
      lost: new AbortController().signal,
      release: () => Promise.resolve(),
    };
    const lease = {
      ended: new AbortController().signal,
      endsAtMonoMs: () => this.leaseEndsAtMonoMs,
      endsAtMs: () => 1e15,
    };
    this.flow.beginTerm(lease, lock);
  }

  positioned(term = this.flow.pipeline.term): void {
    this.hear(this.source, { type: 'positioned', term, partition: at, nextToRead: '5', skipped: '0' });
  }

  /** A term in which partition 0 is read from 5. */
  async reading(): Promise<void> {
    this.hear(this.source, { type: 'partitions', topic: at.topic, partitions: [0] });
    this.begin();
    await this.clock.advance(0);
    this.positioned();
  }

  /** Reads these offsets, and the worker gets them. */
  async read(...offsets: number[]): Promise<void> {
    const { term } = this.flow.pipeline;
    this.hear(this.sender, credits(10, term));
    this.hear(this.source, read([], { wants: offsets.length, term }));
    this.hear(this.source, read(offsets, { term }));
    await this.clock.advance(0);
  }
}

describe('flow', () => {
  it('asks the source to read each partition from where it is stored, however early it told of them', async () => {
    const bench = new Bench();
    await bench.reading();
    assert.deepEqual(bench.source.of('resume'), [
      { type: 'resume', term: 1, partition: at, nextToRead: '5', committed: '5' },
    ]);
    bench.hear(bench.source, { type: 'partitions', topic: at.topic, partitions: [0, 1] });
    await bench.clock.advance(0);
    assert.deepEqual(
      bench.source.of('resume').map(({ partition }) => partition.partition),
      [0, 1],
    );
  });

  it('tells every worker how far the lease reaches, and again only when that has changed', async () => {
    const bench = new Bench();
    assert.deepEqual(bench.sender.leases, [[1, 0]]);
    bench.begin();
    assert.deepEqual(bench.sender.leases.at(-1), [1, 5_000]);
    bench.flow.renewLease();
    bench.leaseEndsAtMonoMs = 6_000;
    bench.flow.renewLease();
    const told = [
      [1, 0],
      [1, 5_000],
      [1, 6_000],
    ];
    assert.deepEqual([bench.sender.leases, bench.source.leases], [told, told]);
  });

  it('tells the workers at once that a term is over, and takes nothing of it any more', async () => {
    const bench = new Bench();
    await bench.reading();
    await bench.read(5, 6);
    assert.deepEqual(bench.sender.given, ['5', '6']);
    bench.flow.endTerm('lease_ended');
    assert.deepEqual(
      [bench.sender.leases.at(-1), bench.source.leases.at(-1)],
      [
        [2, 0],
        [2, 0],
      ],
    );
    assert.deepEqual([bench.flow.term, bench.flow.lease, bench.tracker.openPartitions()], [undefined, undefined, []]);
    assert.equal(bench.flow.pipeline.unfinishedCount, 0);
    bench.hear(bench.sender, answers([finish(5)]));
    assert.equal(bench.telemetry.counts.get('alarms_finished_total recorded'), undefined);
    assert.equal(bench.telemetry.named('term_ended').length, 1);
    bench.flow.endTerm('lease_ended');
    assert.equal(bench.flow.pipeline.term, 2);
  });

  it('counts as in flight, for each partition, what workers of an ended term may still send', async () => {
    const bench = new Bench();
    const [open, other] = [at, { ...at, partition: 1 }];
    await bench.reading();
    await bench.read(5, 6);
    assert.deepEqual(
      [open, other].map((each) => bench.flow.inFlowCount(each)),
      [2, 0],
    );
    bench.flow.endTerm('lock_lost');
    assert.deepEqual(
      [open, other].map((each) => bench.flow.inFlowCount(each)),
      [1, 1],
    );
    bench.begin();
    bench.hear(bench.sender, credits(10, 2));
    assert.deepEqual(
      [open, other].map((each) => bench.flow.inFlowCount(each)),
      [0, 0],
    );
  });

  it('takes no word of an earlier term for one of the present', async () => {
    const bench = new Bench();
    await bench.reading();
    bench.flow.endTerm('lease_ended');
    bench.begin();
    await bench.clock.advance(0);
    bench.positioned(1);
    const edges = { nextToRead: '5', logStart: '0', logEnd: '3' };
    bench.hear(bench.source, { type: 'halted', term: 1, partition: at, ...edges });
    assert.deepEqual([bench.tracker.openPartitions(), bench.flow.term?.halted], [[], []]);
    bench.hear(bench.source, { type: 'halted', term: 2, partition: at, ...edges });
    assert.deepEqual(bench.flow.term?.halted, [at]);
  });

  it('tells a replaced source the term, the lease and where reading had come to', async () => {
    const bench = new Bench();
    await bench.reading();
    await bench.read(5, 6);
    const next = new FakeWorker('kafka_consumer', 0, 3);
    bench.workers.splice(0, 1, next);
    bench.flow.workerReady(next.asWorker);
    assert.deepEqual(next.sent, [
      { type: 'lease', term: 1, endsAtMonoMs: 5_000, endsAtMs: 1e15 },
      { type: 'resume', term: 1, partition: at, nextToRead: '7', committed: '5' },
    ]);
  });

  it('says nothing to workers that are not ready: they hear it when they are', async () => {
    const bench = new Bench();
    bench.source.state = 'starting';
    bench.sender.state = 'starting';
    const before = [bench.source.sent.length, bench.sender.sent.length];
    await bench.reading();
    assert.deepEqual([bench.source.sent.length, bench.sender.sent.length], before);
    bench.source.state = 'ready';
    bench.flow.workerReady(bench.source.asWorker);
    assert.equal(bench.source.of('resume').length, 1);
  });

  it('begins nothing once it is paused, and asks no source to read on', async () => {
    const bench = new Bench();
    await bench.reading();
    await bench.read(5);
    bench.flow.pause();
    assert.deepEqual(bench.source.of('pause'), [{ type: 'pause', term: 1, partition: at }]);
    await bench.read(6);
    assert.deepEqual([bench.sender.given, bench.tracker.progress(at).read], [['5'], 6n]);
    bench.hear(bench.sender, answers([finish(5)]));
    assert.deepEqual([bench.tracker.committable(at)?.nextToRead, bench.flow.pipeline.unfinishedCount], [6n, 0]);
    const next = new FakeWorker('kafka_consumer', 0, 3);
    bench.workers.splice(0, 1, next);
    bench.flow.workerReady(next.asWorker);
    assert.deepEqual(next.of('resume'), []);
  });

  it('tells the source what is committed, and carries into its next term what was finished after that', async () => {
    const bench = new Bench();
    await bench.reading();
    await bench.read(5, 6);
    bench.hear(bench.sender, answers([finish(5)]));
    const stored = bench.tracker.committable(at);
    assert.ok(stored);
    bench.stored = stored;
    bench.flow.committed([{ partition: at, stored }]);
    const positions = [{ ...at, offset: '6' }];
    assert.deepEqual(bench.source.of('committed'), [{ type: 'committed', term: 1, positions }]);
    bench.hear(bench.sender, answers([finish(6)]));
    bench.flow.endTerm('lock_lost');
    bench.begin();
    await bench.clock.advance(0);
    assert.equal(bench.source.of('resume').at(-1)?.nextToRead, '7');
  });

  it('gives what a dead worker held to the next one', async () => {
    const bench = new Bench();
    await bench.reading();
    await bench.read(5);
    bench.sender.state = 'dead';
    bench.flow.workerDead(bench.sender.asWorker);
    const next = new FakeWorker('alarm_processor', 0, 4);
    bench.hear(next, credits(10));
    await bench.clock.advance(0);
    assert.deepEqual(next.given, ['5']);
  });

  it('lets a beat speak for the life of its worker', async () => {
    const bench = new Bench();
    await bench.reading();
    await bench.read(5, 6);
    bench.sender.state = 'dead';
    bench.flow.workerDead(bench.sender.asWorker);
    const next = new FakeWorker('alarm_processor', 0, 4);
    bench.hear(next, credits(10));
    for (const _ of [1, 2]) bench.hear(next, { type: 'beat', systems: {}, metrics: undefined, notes: [] });
    await bench.clock.advance(0);
    assert.deepEqual([next.given, bench.beatCount], [['5', '6'], 2]);
  });

  it('knows the newest offset that Kafka holds', () => {
    const bench = new Bench();
    bench.hear(bench.source, { type: 'high_water', positions: [{ ...at, offset: '42' }] });
    assert.equal(bench.flow.highWater.get('alarms/0'), '42');
  });

  it('refuses nonsense and keeps nothing of it', async () => {
    const bench = new Bench();
    await bench.reading();
    const beat = { type: 'beat', systems: {}, metrics: undefined, notes: [] };
    const edges = { term: 1, partition: at, nextToRead: '5', skipped: '0' };
    for (const message of [
      null,
      7,
      {},
      { type: 'dance' },
      { type: 'partitions', topic: 'alarms' },
      { type: 'partitions', topic: 'alarms', partitions: ['0'] },
      { type: 'partitions', partitions: [0] },
      { type: 'high_water', positions: [{ ...at, offset: 'x' }] },
      { type: 'high_water' },
      { type: 'positioned', ...edges, nextToRead: 'x' },
      { type: 'positioned', ...edges, skipped: undefined },
      { type: 'positioned', ...edges, partition: undefined },
      { type: 'halted', ...edges },
      { ...beat, systems: undefined },
      { ...beat, systems: { kafka: null } },
      { ...beat, notes: undefined },
    ]) {
      assert.throws(() => bench.hear(bench.source, message), `${JSON.stringify(message)} passed`);
    }
    assert.deepEqual([bench.flow.partitionsOf('alarms'), bench.beatCount, bench.flow.highWater.size], [[0], 0, 0]);
  });
});
