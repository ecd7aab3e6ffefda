import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineView } from '../../../src/admin/engine-view.js';
import { watchEngine } from '../../../src/engine/watch.js';
import type { Pipeline } from '../../../src/runtime/pipeline.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

function setUp() {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const told: string[] = [];
  const state = { role: 'starting', ready: false };
  const view = {
    status: () => ({ role: state.role }),
    ready: () => ({ ready: state.ready, reasons: ['starting'] }),
  } as unknown as EngineView;
  const pipeline = {
    bytes: 12,
    queueLengths: () => [{ name: 'alarms', length: 3, capacity: 10 }],
  } as unknown as Pipeline;
  const notify = {
    ready: (status: string) => void told.push(`ready ${status}`),
    status: (text: string) => void told.push(text),
    stopping: () => undefined,
    settled: () => Promise.resolve(),
  };
  const stop = watchEngine({ view, pipeline, telemetry, clock, notify });
  return { clock, telemetry, told, state, stop };
}

describe('the look at the engine', () => {
  it('tells the service manager once that the start is over, and each role after that', async () => {
    const { clock, told, state } = setUp();
    await clock.advance(1_000);
    assert.deepEqual(told, []);
    for (const role of ['standby', 'standby', 'active', 'stopping']) {
      state.role = role;
      await clock.advance(1_000);
    }
    assert.deepEqual(told, ['ready standby', 'active']);
  });

  it('never says ready for an engine that stops before it ran', async () => {
    const { clock, told, state } = setUp();
    state.role = 'stopping';
    await clock.advance(2_000);
    assert.deepEqual(told, []);
  });

  it('says when the engine becomes ready and when it ceases to be, and how full the queues are', async () => {
    const { clock, telemetry, state, stop } = setUp();
    for (const ready of [false, false, true, true, false]) {
      state.ready = ready;
      await clock.advance(1_000);
    }
    assert.deepEqual(
      [telemetry.named('engine_ready').length, telemetry.named('engine_not_ready')],
      [1, [{ reasons: ['starting'] }, { reasons: ['starting'] }]],
    );
    assert.equal(telemetry.gauges.get('queue_length alarms'), 3);
    stop();
    state.ready = true;
    await clock.advance(1_000);
    assert.equal(telemetry.named('engine_ready').length, 1);
  });
});
