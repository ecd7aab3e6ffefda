import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Step } from '../../../../src/producers/fake-alerts/script.js';
import { alertExecBench, alertObject, MemoryKafka, steps } from '../../../support/alert-exec-bench.js';

const status = (code: number): Step => ({ status: code });
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
