import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startProcessGauges } from '../../../src/runtime/process-gauges.js';
import { createTelemetry } from '../../../src/telemetry/create-telemetry.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { MemorySink } from '../../support/fakes/memory-sink.js';

describe('the gauges of a process', () => {
  it('show its memory and the worst delay of the last second, then forget it', async () => {
    const clock = new FakeClock();
    const log = { level: 'info', format: 'json' } as const;
    const telemetry = createTelemetry({ process: 'main', log, sink: new MemorySink(), clock: new FakeClock() });
    const stop = startProcessGauges('alarm_processor', telemetry, clock);
    const delay = () => telemetry.snapshot().event_loop_delay_seconds?.[0]?.[1][0];
    await clock.advance(500);
    clock.freezeFor(300);
    await clock.advance(1000);
    assert.ok((delay() ?? 0) >= 0.2, `${delay()}`);
    assert.ok((telemetry.snapshot().worker_resident_bytes?.[0]?.[1][0] ?? 0) > 10e6);
    await clock.advance(2000);
    assert.equal(delay(), 0);
    stop();
    assert.equal(clock.waitingCount, 0);
  });

  it('are no reason to end when the process may open no more files (N3)', async (t) => {
    const clock = new FakeClock();
    const log = { level: 'info', format: 'json' } as const;
    const telemetry = createTelemetry({ process: 'main', log, sink: new MemorySink(), clock: new FakeClock() });
    t.mock.method(process.memoryUsage, 'rss', () => {
      throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
    });
    const stop = startProcessGauges('main', telemetry, clock);
    await clock.advance(1_500);
    assert.equal(telemetry.snapshot().worker_resident_bytes, undefined);
    assert.equal(telemetry.snapshot().event_loop_delay_seconds?.[0]?.[1][0], 0);
    stop();
  });
});
