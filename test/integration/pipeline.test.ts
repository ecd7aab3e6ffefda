import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { EngineError } from '../../src/domain/errors.js';
import { positionText } from '../../src/domain/position.js';
import { systemClock } from '../../src/runtime/clock.js';
import { Pipeline } from '../../src/runtime/pipeline.js';
import type { FromWorker } from '../../src/runtime/protocol.js';
import { Supervisor } from '../../src/runtime/supervisor.js';
import type { WorkerHandle } from '../../src/runtime/worker-handle.js';
import { workerProcesses } from '../../src/runtime/worker-process.js';
import { topology } from '../../src/topology.js';
import { ParcelLedger } from '../../src/tracker/ledger.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { waitFor } from '../support/wait-for.js';

type FlowMessage = Parameters<Pipeline['handle']>[1];
const flowTypes = new Set<FromWorker['type']>(['credits', 'read', 'answers']);

/** Workers really forked, a source that gives `payloads`, and the queues between them. */
class Rig {
  readonly telemetry = new RecordingTelemetry();
  readonly finished = new Map<string, string[]>();
  readonly begun = new Map<string, number>();
  failure: EngineError | undefined;
  longest = 0;
  beatCount = 0;
  readonly pipeline: Pipeline;
  readonly supervisor: Supervisor;

  constructor(
    payloads: readonly string[],
    options: { readonly capacity?: number; readonly capacityBytes?: number; readonly config?: object } = {},
  ) {
    const { capacity = 256, capacityBytes = 2 ** 26 } = options;
    const stages = topology({ alarm: 2, notification: 2 });
    this.pipeline = new Pipeline({
      topology: stages,
      capacity: { alarms: capacity, notifications: capacity, sent_notifications: 50, finished: capacity },
      capacityBytes,
      ledger: new ParcelLedger(),
      soon: (run) => systemClock.soon(run),
      begin: (position) => {
        const key = positionText(position);
        this.begun.set(key, (this.begun.get(key) ?? 0) + 1);
        return this.begun.get(key) === 1;
      },
      finish: (position, reason) => {
        const key = positionText(position);
        this.finished.set(key, [...(this.finished.get(key) ?? []), reason]);
      },
      quarantined: (parcel) => this.telemetry.event('worker_killed', { quarantined: positionText(parcel.position) }),
    });
    this.supervisor = new Supervisor({
      startWorker: workerProcesses(new URL('../support/workers/scripted-worker.js', import.meta.url)),
      crews: [...stages]
        .reverse()
        .map(({ stage, processes }) => ({ stage, processes, config: { payloads, ...options.config } })),
      clock: systemClock,
      telemetry: this.telemetry,
      silenceLimitMs: 1_500,
      onReady: (worker) => this.#serve(worker),
      onMessage: (worker, message) => this.#hear(worker, message),
      onDead: (worker) => this.pipeline.bury(worker),
      onFailure: (error) => {
        this.failure = error;
      },
    });
  }

  async run(): Promise<void> {
    this.pipeline.begin(1);
    await this.supervisor.start();
  }

  stop(): Promise<void> {
    return this.supervisor.stop(AbortSignal.timeout(5_000));
  }

  #serve(worker: WorkerHandle): void {
    worker.send({ type: 'lease', term: 1, endsAtMonoMs: 1e15, endsAtMs: 1e15 });
    const nextToRead = String(this.begun.size);
    if (worker.ref.stage === 'kafka_consumer') {
      worker.send({ type: 'resume', term: 1, partition: { topic: 't', partition: 0 }, nextToRead });
    }
  }

  #hear(worker: WorkerHandle, message: FromWorker): void {
    if (message.type === 'beat') {
      this.beatCount += 1;
      this.pipeline.showedLife(worker);
    }
    if (!flowTypes.has(message.type)) return;
    this.pipeline.handle(worker, message as FlowMessage);
    for (const { length, capacity } of this.pipeline.queueLengths())
      this.longest = Math.max(this.longest, length / capacity);
  }
}

describe('pipeline of real processes', () => {
  let rig: Rig;
  afterEach(() => rig.stop());

  async function runToEnd(payloads: readonly string[], options = {}): Promise<void> {
    rig = new Rig(payloads, options);
    await rig.run();
    await waitFor(
      () => rig.finished.size === payloads.length && rig.pipeline.unfinishedCount === 0,
      'every parcel finished',
      { timeoutMs: 40_000 },
    );
  }

  it('finishes each of 20,000 parcels once, within the bounds of its queues', async () => {
    await runToEnd(Array.from({ length: 20_000 }, (_, index) => (index % 2 === 0 ? 'forward' : 'finish')));
    const reasons = [...rig.finished.values()].flat();
    assert.equal(reasons.length, 20_000);
    assert.equal(reasons.filter((reason) => reason === 'recorded').length, 10_000);
    assert.ok(rig.longest <= 1);
  });

  it('hands out again what a killed worker of any stage held, and loses nothing', async () => {
    rig = new Rig(Array.from({ length: 40_000 }, () => 'forward'));
    await rig.run();
    for (const [index, stage] of (
      ['alarm_processor', 'notification_processor', 'sent_notification_processor', 'kafka_consumer'] as const
    ).entries()) {
      await waitFor(() => rig.finished.size > (index + 1) * 5_000, `${stage} under load`, { timeoutMs: 30_000 });
      const victim = rig.supervisor.of(stage)[0];
      assert.ok(victim);
      process.kill(victim.pid, 'SIGKILL');
    }
    await waitFor(() => rig.finished.size === 40_000 && rig.pipeline.unfinishedCount === 0, 'every parcel finished', {
      timeoutMs: 40_000,
    });
    assert.equal(rig.telemetry.named('worker_replaced').length, 4);
    assert.equal(rig.failure, undefined);
  });

  for (const crime of ['die', 'exit', 'throw', 'disconnect']) {
    it(`quarantines the parcel that makes two workers ${crime}, and nothing beside it (P6) (D3)`, async () => {
      const payloads = Array.from({ length: 2_000 }, (_, index) =>
        index === 700 ? `notification_processor ${crime}` : 'forward',
      );
      await runToEnd(payloads);
      assert.deepEqual(rig.finished.get('t/0@700'), ['quarantined']);
      assert.equal([...rig.finished.values()].flat().filter((reason) => reason === 'quarantined').length, 1);
      assert.equal(rig.telemetry.named('worker_replaced').length, 2);
    });
  }

  it('replaces a worker whose event loop hangs and quarantines what hung it twice (P6)', async () => {
    await runToEnd(['forward', 'alarm_processor hang', 'forward']);
    assert.deepEqual(rig.finished.get('t/0@1'), ['quarantined']);
    assert.equal(
      rig.telemetry.named('worker_killed').filter((fields) => String(fields.reason).includes('silent')).length,
      2,
    );
  });

  it('replaces a worker that speaks nonsense (P7)', async () => {
    await runToEnd(['forward', 'alarm_processor babble', 'forward']);
    assert.ok(rig.telemetry.named('worker_killed').length >= 2);
  });

  it('outlives a worker that sends what is no message at all (P7)', async () => {
    await runToEnd(['forward', 'alarm_processor rave', 'forward']);
    assert.ok(rig.telemetry.named('worker_killed').length >= 1);
    assert.equal(rig.failure, undefined);
  });

  for (const [stage, queue] of [
    ['alarm_processor', 'alarms'],
    ['notification_processor', 'notifications'],
    ['sent_notification_processor', 'sent_notifications'],
  ] as const) {
    it(`keeps no more than its capacity in ${queue} and before it while nothing gets done behind it (P14)`, async () => {
      rig = new Rig(
        Array.from({ length: 5_000 }, () => `${stage} wait`),
        { capacity: 20 },
      );
      await rig.run();
      const isFull = (name: string) =>
        rig.pipeline.queueLengths().some((each) => each.name === name && each.length === each.capacity);
      await waitFor(() => isFull(queue) && isFull('alarms'), 'full queues', { timeoutMs: 20_000 });
      assert.ok(rig.longest <= 1);
      // Five workers with 64 in hand each, and the queues between them.
      assert.ok(rig.begun.size <= 5 * 64 + 20 + 20 + 50, `${rig.begun.size} begun`);
    });
  }

  it('reads no further than its capacity in bytes while nothing gets done, whatever room its queues have (P14)', async () => {
    const large = 'alarm_processor wait'.padEnd(20_000);
    rig = new Rig(
      Array.from({ length: 400 }, () => large),
      { capacity: 20, capacityBytes: 1_000_000 },
    );
    await rig.run();
    await waitFor(() => rig.pipeline.isTooMuch, 'too much under way', { timeoutMs: 20_000 });
    const beatCount = rig.beatCount;
    await waitFor(() => rig.beatCount >= beatCount + 18, 'three beats of each worker');
    assert.equal(rig.pipeline.bytes, rig.begun.size * large.length);
    assert.ok(rig.begun.size >= 50 && rig.begun.size <= 50 + 20, `${rig.begun.size} begun`);
  });

  it('gives up when workers die again and again', async () => {
    rig = new Rig([], { config: { refuses: true } });
    void rig.run();
    await waitFor(() => rig.failure !== undefined, 'the engine gives up');
    assert.equal(rig.failure?.code, 'WORKERS_FAILING');
  });
});
