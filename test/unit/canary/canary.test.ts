import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Canary } from '../../../src/canary/canary.js';
import type { EventMessage } from '../../../src/domain/alarm-event.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const intervalMs = 60_000;
const lookMs = 1_000;

interface Written {
  readonly atMs: number;
  readonly partition: number;
  readonly sequence: number;
}

/** An engine through which every canary goes at once, as long as `passes`. */
function bench(write: (signal: AbortSignal) => Promise<void> = async () => {}) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const engine = { partition: 4 as number | undefined, passes: true, returnedAtMs: undefined as number | undefined };
  const written: Written[] = [];
  const canary = new Canary({
    intervalMs,
    source: { instance: 'i', version: '1' },
    partition: () => engine.partition,
    write: async ({ value }: EventMessage, partition, signal) => {
      await write(signal);
      const { timestamp, sequence } = JSON.parse(value)['alarm-transitioned'];
      written.push({ atMs: timestamp, partition, sequence });
      if (engine.passes) engine.returnedAtMs = timestamp;
    },
    returnedAtMs: () => engine.returnedAtMs,
    clock,
    telemetry,
  });
  return { clock, telemetry, engine, written, canary };
}

describe('the canary', () => {
  test('is written at once when the engine works, and then once per interval', async () => {
    const { clock, telemetry, engine, written, canary } = bench();
    engine.partition = undefined;
    await clock.advance(10 * intervalMs);
    assert.deepEqual(written, []);
    engine.partition = 4;
    await clock.advance(lookMs);
    const startedAtMs = clock.nowMs();
    await clock.advance(2 * intervalMs);
    assert.deepEqual(
      written.map(({ atMs, partition }) => [atMs - startedAtMs, partition]),
      [
        [0, 4],
        [intervalMs, 4],
        [2 * intervalMs, 4],
      ],
    );
    assert.equal(telemetry.counts.get('canaries_total written'), 3);
    assert.deepEqual(telemetry.events, []);
    await canary.stop();
    assert.equal(clock.waitingCount, 0);
  });

  test('follows the engine to another partition', async () => {
    const { clock, engine, written, canary } = bench();
    await clock.advance(lookMs);
    engine.partition = 0;
    await clock.advance(intervalMs);
    assert.deepEqual(
      written.map(({ partition }) => partition),
      [4, 0],
    );
    await canary.stop();
  });

  test('is told of once when three are missing, and once when one is back', async () => {
    const { clock, telemetry, engine, canary } = bench();
    await clock.advance(lookMs);
    engine.passes = false;
    await clock.advance(3 * intervalMs);
    assert.deepEqual(telemetry.events, []);
    assert.deepEqual(canary.notes(), []);
    await clock.advance(lookMs);
    assert.deepEqual(telemetry.named('canary_overdue'), [{ seconds: 181 }]);
    assert.equal(telemetry.gauges.get('canary_overdue'), 1);
    await clock.advance(10 * lookMs);
    assert.deepEqual(canary.notes(), ['canary overdue: none has come back for 191 s']);
    assert.equal(telemetry.events.length, 1);
    engine.passes = true;
    await clock.advance(intervalMs);
    assert.equal(telemetry.named('canary_back').length, 1);
    assert.equal(telemetry.gauges.get('canary_overdue'), 0);
    assert.deepEqual(canary.notes(), []);
    await canary.stop();
  });

  test('is overdue as long as what comes back is old', async () => {
    const { clock, telemetry, engine, written, canary } = bench();
    engine.passes = false;
    await clock.advance(10 * intervalMs);
    assert.equal(telemetry.named('canary_overdue').length, 1);
    engine.returnedAtMs = written[2]?.atMs;
    await clock.advance(lookMs);
    assert.equal(telemetry.named('canary_back').length, 0);
    engine.returnedAtMs = written.at(-1)?.atMs;
    await clock.advance(lookMs);
    assert.equal(telemetry.named('canary_back').length, 1);
    await canary.stop();
  });

  test('is given three intervals after a take-over, however old those are that the engine before left', async () => {
    const { clock, telemetry, engine, canary } = bench();
    engine.passes = false;
    engine.returnedAtMs = clock.nowMs() - 3_600_000;
    await clock.advance(3 * intervalMs);
    assert.deepEqual(telemetry.events, []);
    await canary.stop();
  });

  test('is not missed by an engine that works on nothing', async () => {
    const { clock, telemetry, engine, canary } = bench();
    engine.passes = false;
    await clock.advance(4 * intervalMs);
    engine.partition = undefined;
    await clock.advance(lookMs);
    assert.deepEqual(canary.notes(), []);
    assert.equal(telemetry.gauges.get('canary_overdue'), 0);
    assert.equal(telemetry.named('canary_back').length, 0);
    await canary.stop();
  });

  test('comes back under a wall clock that was set back', async () => {
    const { clock, telemetry, canary } = bench();
    await clock.advance(lookMs);
    clock.suspendFor(-3_600_000);
    await clock.advance(10 * intervalMs);
    assert.deepEqual(telemetry.events, []);
    await canary.stop();
  });

  test('has a sequence that grows, whatever the wall clock does', async () => {
    const { clock, written, canary } = bench();
    await clock.advance(lookMs);
    clock.suspendFor(-3_600_000);
    await clock.advance(intervalMs);
    const [first, second] = written;
    assert.equal(second?.sequence, (first?.sequence ?? 0) + 1);
    await canary.stop();
  });

  test('that cannot be written is told once, given up in time, and missed like one that is lost', async () => {
    let isAway = true;
    const { clock, telemetry, canary } = bench((signal) => {
      if (!isAway) return Promise.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
    });
    await clock.advance(lookMs + 3 * intervalMs + lookMs);
    assert.deepEqual(telemetry.named('canary_unwritten'), [{ error: 'Kafka did not acknowledge it in time' }]);
    assert.equal(telemetry.counts.get('canaries_total failed'), 3);
    assert.equal(telemetry.named('canary_overdue').length, 1);
    isAway = false;
    await clock.advance(intervalMs);
    assert.equal(telemetry.named('canary_back').length, 1);
    await canary.stop();
  });

  test('that Kafka refuses says why', async () => {
    const { clock, telemetry, canary } = bench(() => Promise.reject(new Error('no right to write to topic alarms')));
    await clock.advance(lookMs);
    assert.deepEqual(telemetry.named('canary_unwritten'), [{ error: 'no right to write to topic alarms' }]);
    await canary.stop();
  });

  test('ends at once with the engine', async () => {
    let signal: AbortSignal | undefined;
    const { clock, telemetry, canary } = bench((given) => {
      signal = given;
      return new Promise((_, reject) => given.addEventListener('abort', () => reject(new Error('given up'))));
    });
    await clock.advance(lookMs);
    assert.equal(signal?.aborted, false);
    await canary.stop();
    assert.equal(signal?.aborted, true);
    assert.deepEqual(telemetry.events, []);
  });
});
