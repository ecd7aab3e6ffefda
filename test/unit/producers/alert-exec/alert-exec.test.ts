import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Step, sampleAlerts } from '../../../../src/producers/fake-alerts/script.js';
import { alertExecBench, alertObject, MemoryKafka, steps } from '../../../support/alert-exec-bench.js';

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

describe('alert-exec and the server', () => {
  it('announces the same as without faults when one call in a hundred fails', async () => {
    const script = { alerts: sampleAlerts(10, 15, 100) };
    const accepted = async (faults: number) => {
      const { clock, fake } = await alertExecBench({ script, faults, random: 5 });
      await clock.advance(600_000);
      assert.deepEqual(fake.report().failures, []);
      return fake.accepted
        .map(({ kind, name, message, atMs }) => `${name} ${kind} ${message} ${Math.round(atMs / 15_000)}`)
        .sort();
    };
    assert.deepEqual(await accepted(0.012), await accepted(0));
  });

  it('sends the query so that the server reads exactly that', async () => {
    for (const query of ['a b&c=ü', 'a+b%20c', '{x="y"}[5m] > 3', '日本', '#?/']) {
      const script = { alerts: [alertObject({ query })], steps: { [query]: [{ value: 150 }] } };
      const { clock, calls } = await alertExecBench({ script });
      await clock.advance(100);
      assert.deepEqual(calls(), ['notify warning @0'], query);
    }
  });

  it('takes nothing but 200 for a success, and nothing but a number for a value', async () => {
    for (const step of [
      status(201),
      status(204),
      status(302),
      { body: '{}' },
      { body: '{"value":"150"}' },
      { body: '{"value":null}' },
      { body: 'x' },
    ]) {
      const { clock, calls } = await alertExecBench({ script: { steps: steps(step) } });
      await clock.advance(40_000);
      assert.deepEqual(calls(), [], JSON.stringify(step));
    }
    const { clock, calls } = await alertExecBench({
      script: { steps: steps(150), notify: [status(201), status(204)] },
    });
    await clock.advance(1_000);
    assert.deepEqual(calls(), ['notify warning @0.35']);
  });

  it('resolves what it may have told when the answer to a notify was lost', async () => {
    const { clock, calls } = await alertExecBench({ script: { steps: steps(150, 50), notify: [{ hang: 'after' }] } });
    await clock.advance(30_000);
    assert.deepEqual(calls(), ['notify warning @0', 'notify warning @5.1', 'resolve @15']);
    const gone = await alertExecBench({
      script: { steps: steps(150, 50), notify: [{ hang: 'after' }, ...Array(9).fill(status(500))] },
    });
    await gone.clock.advance(30_000);
    assert.deepEqual(gone.calls(), ['notify warning @0', 'resolve @15']);
  });

  it('lets no flapping pass in silence', async () => {
    const { clock, calls } = await alertExecBench({ script: { steps: steps(250, 50, 250, 150, 50) } });
    await clock.advance(100_000);
    assert.deepEqual(calls(), [
      'notify critical @0',
      'resolve @15',
      'notify critical @30',
      'notify warning @45',
      'resolve @60',
    ]);
  });

  it('with --sustain lets a worse state count only when it has held', async () => {
    const alerts = [alertObject({ sustainSecs: 30 })];
    const script = { alerts, steps: steps(150, 50, 250, 250, 250, 150, 50) };
    const { clock, calls } = await alertExecBench({ script, rules: { withSustain: true } });
    await clock.advance(200_000);
    assert.deepEqual(calls(), ['notify critical @60', 'notify warning @75', 'resolve @90']);
  });

  it('stops with what is under way, and resolves nothing', async () => {
    const { clock, calls, stop, ended } = await alertExecBench({
      script: { steps: steps(150), notify: [{ delayMs: 3_000 }] },
    });
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(5_000);
    assert.equal(await ended, 'stopped');
    assert.deepEqual(calls(), ['notify warning @3']);
    assert.equal(clock.waitingCount, 0);
  });
});

describe('alert-exec and its list', () => {
  it('keeps the old list when a refresh fails, and believes an empty one the second time', async () => {
    const empty: Step = { body: '[]' };
    const list = [{}, status(500), status(500), status(500), empty, {}, empty, empty];
    const { clock, calls, exec } = await alertExecBench({ script: { steps: steps(150), list } });
    await clock.advance(1_000);
    for (let n = 0; n < 4; n += 1) {
      exec.refresh();
      await clock.advance(1_000);
    }
    assert.equal(exec.states().length, 1);
    assert.deepEqual(calls(), ['notify warning @0']);
    exec.refresh();
    await clock.advance(1_000);
    assert.equal(exec.states().length, 0);
    assert.deepEqual(calls(), ['notify warning @0', 'resolve @5']);
  });

  it('changes thresholds and intervals of what goes on, takes up what is new, and resolves what is gone', async () => {
    const first = [alertObject(), alertObject({ name: 'b', query: 'qb' }), alertObject({ name: 'd', query: 'qd' })];
    const second = [
      alertObject({ warn: { value: 149, message: 'low' }, critical: { value: 149.5, message: 'new critical' } }),
      alertObject({ name: 'c', query: 'qc' }),
      alertObject({ name: 'd', query: 'qd', intervalSecs: 7 }),
    ];
    const list = [{ body: JSON.stringify(first) }, { body: JSON.stringify(second) }];
    const values = { ...steps(150), qb: [{ value: 250 }], qc: [{ value: 250 }], qd: [{ value: 0 }] };
    // The fake knows the alerts of both lists.
    const alerts = [...second, first[1] ?? {}];
    const { clock, fake, exec } = await alertExecBench({ script: { alerts, steps: values, list } });
    await clock.advance(20_000);
    exec.refresh();
    await clock.advance(25_000);
    assert.deepEqual(
      fake.accepted.map(({ kind, name, message, atMs }) => `${name} ${kind} ${message} @${Math.floor(atMs / 1_000)}`),
      [
        'alert-1 notify warning @0',
        'b notify critical @0',
        'b resolve  @20',
        'c notify critical @20',
        'alert-1 notify new critical @30',
      ],
    );
  });
});

describe('alert-exec telling by events', () => {
  const life = async (kafka: MemoryKafka, values: readonly number[], clock?: Parameters<typeof alertExecBench>[0]) =>
    await alertExecBench({ script: { steps: steps(...values) }, kafka, ...clock });

  it('makes an alert UNKNOWN when its query fails for long, and OK again when it answers', async () => {
    const kafka = new MemoryKafka();
    const failing = Array(63).fill(status(500));
    const script = { steps: steps(50, ...failing, 50) };
    const { clock } = await alertExecBench({ script, kafka, rules: { unknownAfterMs: 300_000 } });
    await clock.advance(600_000);
    assert.deepEqual(
      kafka.events.map(({ status: is, fields }) => [is, fields.newState, fields.stateChangeReason]),
      [
        ['UNKNOWN', 'UNDETERMINED', 'the query has failed for 300 s'],
        ['OK', 'OK', 'value 50 is not above 100'],
      ],
    );
  });

  it('goes on over a restart: nothing again inside the window, a repeat after it, a recovery in the gap', async () => {
    const kafka = new MemoryKafka();
    const { clock, stop, ended } = await life(kafka, [150]);
    await clock.advance(40_000);
    stop.abort();
    await clock.advance(1);
    await ended;
    const second = await life(kafka, [150], { clock });
    await clock.advance(50_000);
    assert.equal(kafka.events.length, 1);
    await clock.advance(20_000);
    assert.deepEqual(
      kafka.events.map(({ kind }) => kind),
      ['transition', 'repeat'],
    );
    second.stop.abort();
    await clock.advance(1);
    await life(kafka, [50], { clock });
    await clock.advance(1_000);
    assert.equal(kafka.events.at(-1)?.status, 'OK');
  });

  it('says the same again after a crash between publish and save', async () => {
    const kafka = new MemoryKafka();
    kafka.answers = ['lost'];
    const { clock } = await life(kafka, [150]);
    await clock.advance(1_000);
    await life(kafka, [150], { clock });
    await clock.advance(1_000);
    assert.equal(kafka.events.length, 2);
    assert.equal(kafka.events[0]?.text, kafka.events[1]?.text);
  });

  it('resolves an alert that vanished from the list while the program was down', async () => {
    const kafka = new MemoryKafka();
    const { clock, stop } = await life(kafka, [150]);
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(1);
    await alertExecBench({ script: { alerts: [alertObject({ name: 'other' })], steps: steps(0) }, kafka, clock });
    await clock.advance(1_000);
    const last = kafka.events.at(-1)?.fields;
    assert.deepEqual(
      [last?.alarmId, last?.status, last?.stateChangeReason],
      ['alert-1', 'OK', 'the alert was removed'],
    );
    assert.equal(kafka.store.text?.includes('alert-1'), false);
  });
});
