import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ConfigurationError, type EngineError } from '../../../src/domain/errors.js';
import type { FromWorker } from '../../../src/runtime/protocol.js';
import { Supervisor } from '../../../src/runtime/supervisor.js';
import type { WorkerExit, WorkerHandle } from '../../../src/runtime/worker-handle.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const beat: FromWorker = { type: 'beat', systems: {}, metrics: {}, notes: [] };

describe('the supervisor', () => {
  let clock: FakeClock;
  let telemetry: RecordingTelemetry;
  let supervisor: Supervisor;
  let says: (message: FromWorker) => void;
  let startedCount: number;
  let failed: (error: EngineError) => void;

  /** One worker without a process: it says what the test makes it say. */
  function supervise(): Supervisor {
    return new Supervisor({
      startWorker: (ref, onMessage) => {
        startedCount += 1;
        let exit: (how: WorkerExit) => void = () => undefined;
        const worker: WorkerHandle = {
          ref,
          pid: startedCount,
          exited: new Promise((resolve) => {
            exit = resolve;
          }),
          state: 'starting',
          silentMs: 0,
          send: () => undefined,
          // As with a process: dead only when its end was heard.
          kill: () => {
            clock.soon(() => {
              worker.state = 'dead';
              exit({ code: null, signal: 'SIGKILL' });
            });
          },
        };
        says = (message) => {
          worker.silentMs = 0;
          onMessage(message);
        };
        return worker;
      },
      crews: [{ stage: 'notification_processor', processes: 1, config: {} }],
      clock,
      telemetry,
      onReady: () => undefined,
      onMessage: () => undefined,
      onDead: () => undefined,
      onFailure: (error) => failed(error),
    });
  }

  beforeEach(() => {
    clock = new FakeClock();
    telemetry = new RecordingTelemetry();
    startedCount = 0;
    failed = (error) => assert.fail(error);
    supervisor = supervise();
    void supervisor.start();
  });

  const killed = () => telemetry.named('worker_killed').map(({ reason }) => reason);

  it('kills and replaces a worker that is silent for longer than 5 s', async () => {
    says({ type: 'ready' });
    await clock.advance(5_000);
    assert.deepEqual([killed(), startedCount], [[], 1]);
    await clock.advance(500);
    assert.deepEqual([killed(), startedCount], [['silent for 5500 ms'], 2]);
  });

  it('takes up another crew when it is asked to, once, and replaces its dead as well', async () => {
    supervisor.join({ stage: 'digest', processes: 1, config: {} });
    supervisor.join({ stage: 'digest', processes: 1, config: {} });
    assert.deepEqual([startedCount, supervisor.of('digest').length], [2, 1]);
    for (const worker of supervisor.of('digest')) worker.kill();
    await clock.advance(0);
    assert.deepEqual([startedCount, supervisor.replacements('digest')], [3, 1]);
  });

  it('takes up no crew once it stops', async () => {
    void supervisor.stop(new AbortController().signal);
    supervisor.join({ stage: 'digest', processes: 1, config: {} });
    assert.equal(startedCount, 1);
  });

  it('leaves a worker alone whose beats were unread because main itself was kept from running, however often', async () => {
    says({ type: 'ready' });
    for (let round = 1; round <= 10; round += 1) {
      // Timers come before messages when a process goes on: the watch looks first, and the beats that waited are heard after it.
      clock.freezeFor(20_000);
      await clock.advance(0);
      says(beat);
    }
    assert.deepEqual(killed(), []);
  });

  it('counts of a stretch in which main did not run no more than two looks', async () => {
    says({ type: 'ready' });
    for (let round = 1; round <= 5; round += 1) {
      clock.freezeFor(20_000);
      await clock.advance(0);
    }
    assert.deepEqual(killed(), []);
    await clock.advance(500);
    assert.equal(killed().length, 1);
  });

  it('gives a worker that starts as long as a machine with many others to run may need', async () => {
    await clock.advance(110_000);
    assert.deepEqual(killed(), []);
    await clock.advance(20_000);
    assert.equal(killed().length, 1);
  });

  it('gives up at the sixth death within a minute, with the last words of the last to die', async () => {
    const reasons: string[] = [];
    failed = (error) => reasons.push(error.message);
    const error = { message: 'no dongle', name: 'Error' };
    for (let death = 1; death <= 6; death += 1) {
      says({ type: 'start_failed', error });
      for (const worker of supervisor.workers) worker.kill();
      await clock.advance(0);
    }
    assert.equal(startedCount, 6);
    assert.deepEqual(reasons, [
      '6 workers died within 60 s, the last one a notification_processor: no dongle; see the events worker_crashed and worker_died',
    ]);
  });

  it('says once of a worker that it is killed, however much comes from it before its end', async () => {
    says({ type: 'ready' });
    const [worker] = supervisor.workers;
    assert.ok(worker);
    supervisor.condemn(worker, 'said nonsense');
    supervisor.condemn(worker, 'said more of it');
    await clock.advance(0);
    supervisor.condemn(worker, 'came too late');
    assert.deepEqual([killed(), startedCount], [['said nonsense'], 2]);
  });

  it('ends for good when a worker says that the settings are wrong', () => {
    const failures: EngineError[] = [];
    failed = (error) => failures.push(error);
    says({ type: 'start_failed', error: { message: 'no right to write', name: 'EngineError', code: 'RIGHT_MISSING' } });
    assert.deepEqual(
      failures.map((error) => [error instanceof ConfigurationError, error.code, error.message]),
      [[true, 'RIGHT_MISSING', 'no right to write']],
    );
  });
});
