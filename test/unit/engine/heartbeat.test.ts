import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Readiness } from '../../../src/admin/readiness.js';
import type { StatusDocument } from '../../../src/admin/status-document.js';
import { startHeartbeat } from '../../../src/engine/heartbeat.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const intervalMs = 60_000;

function bench(ping: (signal: AbortSignal) => Promise<void> = async () => {}) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const engine = { role: 'active' as StatusDocument['role'], ready: true, ok: true };
  const pingsAtMs: number[] = [];
  const stop = startHeartbeat({
    view: {
      status: () => ({ role: engine.role }) as StatusDocument,
      health: () => ({ ok: engine.ok, reasons: [] }),
      ready: () => ({ ready: engine.ready, reasons: [], notes: [] }) satisfies Readiness,
    },
    intervalMs,
    ping: (signal) => {
      pingsAtMs.push(clock.monoMs());
      return ping(signal);
    },
    clock,
    telemetry,
  });
  return { clock, telemetry, engine, pingsAtMs, stop };
}

describe('the heartbeat', () => {
  test('comes at once and once per interval while the engine works', async () => {
    const { clock, telemetry, pingsAtMs, stop } = bench();
    await clock.advance(121_500);
    assert.deepEqual(pingsAtMs, [1_000, 61_000, 121_000]);
    assert.equal(telemetry.counts.get('heartbeats_total taken'), 3);
    assert.equal(telemetry.named('heartbeat_taken').length, 1);
    await stop();
    await clock.advance(intervalMs);
    assert.equal(pingsAtMs.length, 3);
    assert.equal(clock.waitingCount, 0);
  });

  for (const [what, change] of [
    ['stands by', { role: 'standby' }],
    ['is stopping', { role: 'stopping' }],
    ['cannot go on', { ok: false }],
    ['is not ready', { ready: false }],
  ] as const) {
    test(`stays away while the engine ${what}, and comes at once when it works again`, async () => {
      const { clock, engine, pingsAtMs, stop } = bench();
      const before = { ...engine };
      Object.assign(engine, change);
      await clock.advance(3 * intervalMs);
      assert.deepEqual(pingsAtMs, []);
      Object.assign(engine, before);
      await clock.advance(1_000);
      assert.equal(pingsAtMs.length, 1);
      await stop();
    });
  }

  test('that is not taken is told once, and is no reason to stop', async () => {
    let isTaken = false;
    const { clock, telemetry, stop } = bench(async () => {
      if (!isTaken) throw new Error('switch.example answered HTTP 503');
    });
    await clock.advance(2 * intervalMs);
    assert.deepEqual(telemetry.named('heartbeat_failed'), [{ error: 'switch.example answered HTTP 503' }]);
    assert.equal(telemetry.counts.get('heartbeats_total failed'), 2);
    isTaken = true;
    await clock.advance(intervalMs);
    assert.equal(telemetry.named('heartbeat_taken').length, 1);
    await stop();
  });

  test('ends at once with the engine', async () => {
    let signal: AbortSignal | undefined;
    const { clock, telemetry, stop } = bench((given) => {
      signal = given;
      return new Promise((_, reject) => given.addEventListener('abort', () => reject(new Error('given up'))));
    });
    await clock.advance(1_500);
    assert.equal(signal?.aborted, false);
    await stop();
    assert.equal(signal?.aborted, true);
    assert.deepEqual(telemetry.events, []);
  });
});
