import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Step } from '../../../../src/producers/fake-alerts/script.js';
import { alertExecBench, alertObject, steps } from '../../../support/alert-exec-bench.js';

const status = (code: number): Step => ({ status: code });
const many = (count: number, changes: object = {}) =>
  Array.from({ length: count }, (_, n) => alertObject({ name: `a${n}`, query: `q${n}`, ...changes }));

describe('alert-exec at the start', () => {
  it('waits for a list as long as it takes', async () => {
    const { clock, calls, telemetry, exec } = await alertExecBench({
      script: { steps: steps(150), list: Array(5).fill(status(500)) },
    });
    await clock.advance(10_000);
    assert.match(exec.listProblem ?? '', /cannot be loaded: could not complete request got 500/);
    await clock.advance(60_000);
    assert.deepEqual(calls(), ['notify warning @48']);
    assert.equal(telemetry.named('alerts_unavailable').length, 5);
    assert.equal(exec.listProblem, undefined);
  });

  it('ends with an empty list, and waits for one that is loaded again', async () => {
    const alone = await alertExecBench({ script: { alerts: [] } });
    assert.equal(await alone.ended, 'no alerts');
    const waiting = await alertExecBench({ script: { alerts: [] }, options: { refreshMs: 10_000 } });
    await waiting.clock.advance(100_000);
    assert.equal(waiting.fake.callCount, 11);
    // Once, however often it is empty, and not a word of a start.
    assert.deepEqual(
      waiting.telemetry.events.map(({ name }) => name),
      ['alerts_empty'],
    );
    waiting.stop.abort();
    await waiting.clock.advance(1);
    assert.equal(await waiting.ended, 'stopped');
  });

  it('stops when it is asked to while there is no list', async () => {
    const { clock, stop, ended } = await alertExecBench({ script: { list: Array(99).fill(status(500)) } });
    await clock.advance(30_000);
    stop.abort();
    await clock.advance(1);
    assert.equal(await ended, 'stopped');
    assert.equal(clock.waitingCount, 0);
  });

  it('takes 300 s for a repeat interval that is missing, and ignores fields that it does not know', async () => {
    const alerts = [alertObject({ repeatIntervalSecs: undefined, sustainSecs: 0, owner: { team: 'x' } })];
    const { clock, calls } = await alertExecBench({ script: { alerts, steps: steps(150) } });
    await clock.advance(601_000);
    assert.deepEqual(calls(), ['notify warning @0', 'notify warning @300', 'notify warning @600']);
  });

  it('skips what it cannot use, says so once, and runs the rest', async () => {
    const alerts = [
      alertObject(),
      alertObject({ query: 'other' }),
      { name: 'x' },
      3,
      alertObject({ name: 'y', query: '' }),
    ];
    const options = { refreshMs: 10_000 };
    const { clock, telemetry, wire } = await alertExecBench({ script: { alerts }, options });
    await clock.advance(45_000);
    assert.deepEqual(
      telemetry.named('alert_strange').map(({ msg }) => msg),
      [
        'alert alert-1: skipped, an alert before it has the same name',
        'alert x: skipped, query: expected a text',
        'alert number 4: skipped, expected an object',
        'alert y: skipped, query: expected a text',
      ],
    );
    assert.deepEqual(wire.queries, [0, 15_000, 30_000, 45_000]);
  });
});

describe('alert-exec in time', () => {
  it('has at most as many requests in flight as it may', async () => {
    const { clock, wire } = await alertExecBench({
      script: { alerts: many(20) },
      latencyMs: 1_000,
      options: { concurrency: 4 },
    });
    await clock.advance(59_000);
    assert.equal(wire.most, 4);
    assert.equal(wire.queries.length, 20 * 4);
  });

  it('keeps the pace of the others when one target hangs', async () => {
    const steps = { q0: [{ hang: 'before' as const }] };
    const { clock, fake, telemetry } = await alertExecBench({ script: { alerts: many(6), steps } });
    await clock.advance(150_999);
    assert.equal(telemetry.counts.get('alert_exec_evaluations_total ok'), 5 * 11);
    assert.equal(telemetry.counts.get('alert_exec_evaluations_total failed'), 10);
    assert.deepEqual(fake.report().failures, []);
  });

  it('leaves out an evaluation while the one before still runs, and counts it', async () => {
    const alerts = [alertObject({ intervalSecs: 1 })];
    const rules = { timeoutMs: 5_000 };
    const { clock, telemetry } = await alertExecBench({
      script: { alerts, steps: steps(0) },
      latencyMs: 900,
      rules,
      faults: 0,
    });
    await clock.advance(10_000);
    assert.equal(telemetry.counts.get('alert_exec_evaluations_total overlap'), undefined);
    const slow = await alertExecBench({ script: { alerts: many(3, { intervalSecs: 1 }) }, latencyMs: 900 });
    await slow.clock.advance(10_000);
    assert.ok((slow.telemetry.counts.get('alert_exec_evaluations_total overlap') ?? 0) > 0);
    assert.equal(slow.wire.most, 2);
  });

  it('rounds an interval up to its ticks, and does not with the usual tick', async () => {
    const alerts = [alertObject({ intervalSecs: 10 })];
    const coarse = await alertExecBench({ script: { alerts }, options: { tickMs: 15_000 } });
    await coarse.clock.advance(46_000);
    assert.deepEqual(coarse.wire.queries, [0, 15_000, 30_000, 45_000]);
    const fine = await alertExecBench({ script: { alerts: [alertObject({ intervalSecs: 2.5 })] } });
    await fine.clock.advance(10_500);
    assert.deepEqual(fine.wire.queries, [0, 3_000, 5_000, 8_000, 10_000]);
  });

  it('does not try a query again that timed out, nor one whose next turn is near', async () => {
    const hanging = await alertExecBench({ script: { steps: steps({ hang: 'before' }) } });
    await hanging.clock.advance(14_000);
    assert.deepEqual(hanging.wire.queries, [0]);
    const alerts = [alertObject({ intervalSecs: 1 })];
    const failing = await alertExecBench({ script: { alerts, steps: steps(status(500)) }, rules: { attempts: 10 } });
    await failing.clock.advance(999);
    assert.deepEqual(failing.wire.queries, [0, 100, 350, 850]);
  });

  it('gives up a request after the interval of its alert when that is shorter than the limit', async () => {
    const alerts = [alertObject({ intervalSecs: 2 })];
    const { clock, telemetry } = await alertExecBench({ script: { alerts, steps: steps({ hang: 'before' }) } });
    await clock.advance(1_999);
    assert.equal(telemetry.counts.get('alert_exec_requests_total query timeout'), undefined);
    await clock.advance(1);
    assert.equal(telemetry.counts.get('alert_exec_requests_total query timeout'), 1);
  });

  it('is not impressed by a wall clock that is set back', async () => {
    const { clock, calls } = await alertExecBench({ script: { steps: steps(150) } });
    const nowMs = clock.nowMs.bind(clock);
    await clock.advance(50_000);
    clock.nowMs = () => nowMs() - 3_600_000;
    await clock.advance(60_000);
    assert.deepEqual(calls(), ['notify warning @0', 'notify warning @105']);
  });
});
