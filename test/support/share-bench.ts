import assert from 'node:assert/strict';
import { EngineError } from '../../src/domain/errors.js';
import { partitionText, type TopicPartition } from '../../src/domain/position.js';
import { ShareKeeper } from '../../src/ownership/share-keeper.js';
import type { HeldLock, PartitionLocks } from '../../src/ports/ownership.js';
import { FakeClock } from './fakes/fake-clock.js';
import { FakePartitionLocks, FakeShareDirectory } from './fakes/fake-partition-locks.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

/** One engine that shares, with work that can be made slow, and a lease that can be ended. */
export class ShareEngine {
  readonly instance: string;
  readonly telemetry = new RecordingTelemetry();
  readonly stop = new AbortController();
  readonly told: string[] = [];
  /** What is worked on, with the lock. */
  readonly taken = new Map<string, HeldLock>();
  readonly paused = new Set<string>();
  /** Alarms in the flow, by partition. */
  readonly inFlow = new Map<string, number>();
  readonly flushed: string[] = [];
  flush: () => Promise<boolean> = () => Promise.resolve(true);
  lease = new AbortController();
  /** So many times ZooKeeper is not to be had. */
  refusedSessionCount = 0;
  partitionCount: number;
  readonly keeper: ShareKeeper;
  running: Promise<void> = Promise.resolve();

  constructor(bench: ShareBench, instance: string, locks: PartitionLocks) {
    this.instance = instance;
    this.partitionCount = bench.partitionCount;
    const name = partitionText;
    this.keeper = new ShareKeeper({
      instance,
      topics: ['t'],
      locks,
      clock: bench.clock,
      telemetry: this.telemetry,
      session: async () => {
        if (this.refusedSessionCount > 0) {
          this.refusedSessionCount -= 1;
          throw new EngineError('STORE_UNAVAILABLE', 'ZooKeeper is away', { retriable: true });
        }
        if (this.lease.signal.aborted) this.lease = new AbortController();
        return { lease: { endsAtMonoMs: () => 1e9, endsAtMs: () => 1e15, ended: this.lease.signal } };
      },
      partitions: () => Array.from({ length: this.partitionCount }, (_, partition) => ({ topic: 't', partition })),
      begin: () => this.told.push('begin'),
      end: (reason) => {
        this.told.push(reason);
        this.taken.clear();
        this.paused.clear();
      },
      work: {
        take: (partition, lock) => this.taken.set(name(partition), lock),
        pause: (partition) => this.paused.add(name(partition)),
        goOn: (partition) => this.paused.delete(name(partition)),
        inFlowCount: (partition) => this.inFlow.get(name(partition)) ?? 0,
        flush: async (partition) => {
          this.flushed.push(name(partition));
          return await this.flush();
        },
        leave: (partition) => {
          this.taken.delete(name(partition));
          this.paused.delete(name(partition));
        },
      },
    });
  }

  start(): void {
    this.running = this.keeper.run(this.stop.signal);
    this.running.catch(() => undefined);
  }

  get count(): number {
    return this.taken.size;
  }

  lockOf(partition: number): HeldLock {
    const lock = this.taken.get(`t/${partition}`);
    if (lock === undefined) throw new Error(`${this.instance} does not hold ${partition}`);
    return lock;
  }
}

/** Engines that share one topic, in virtual time. */
export class ShareBench {
  readonly clock = new FakeClock();
  readonly directory = new FakeShareDirectory();
  readonly partitionCount: number;
  readonly engines: ShareEngine[] = [];

  constructor(partitionCount: number) {
    this.partitionCount = partitionCount;
  }

  /** A further engine, started. `locks` stands between it and the others. */
  engine(wrap: (locks: PartitionLocks) => PartitionLocks = (locks) => locks): ShareEngine {
    const instance = `e${this.engines.length + 1}`;
    const engine = new ShareEngine(this, instance, wrap(new FakePartitionLocks(this.directory, instance)));
    this.engines.push(engine);
    engine.start();
    return engine;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** The owners of a partition as the engines themselves see it: never more than one. */
  workersOf(partition: TopicPartition): readonly string[] {
    return this.engines.filter(({ taken }) => taken.has(partitionText(partition))).map(({ instance }) => instance);
  }

  get counts(): readonly number[] {
    return this.engines.map(({ count }) => count);
  }
}

/** Two engines with two partitions each of four. */
export async function sharing(): Promise<{ bench: ShareBench; a: ShareEngine; b: ShareEngine }> {
  const bench = new ShareBench(4);
  const a = bench.engine();
  await bench.pass(1_000);
  const b = bench.engine();
  await bench.pass(2_000);
  assert.deepEqual(bench.counts, [2, 2]);
  return { bench, a, b };
}
