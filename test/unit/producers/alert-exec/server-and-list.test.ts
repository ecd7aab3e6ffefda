import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Step, sampleAlerts } from '../../../../src/producers/fake-alerts/script.js';
import { alertExecBench, alertObject, steps } from '../../../support/alert-exec-bench.js';

const status = (code: number): Step => ({ status: code });
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
  it('says once what is strange, and no more than a thousand things', async () => {
    const strange = (beginning: string, count: number) => ({
      body: JSON.stringify([
        alertObject(),
        ...Array.from({ length: count }, (_, at) => ({ name: `${beginning}-${at}` })),
      ]),
    });
    const list = [strange('a', 600), strange('a', 600), strange('b', 600), strange('b', 600)];
    const { clock, telemetry, exec } = await alertExecBench({ script: { list } });
    const told: number[] = [];
    for (let at = 0; at < list.length; at += 1) {
      await clock.advance(1_000);
      told.push(telemetry.named('alert_strange').length);
      exec.refresh();
    }
    assert.deepEqual(told, [600, 600, 1_000, 1_000]);
  });

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
