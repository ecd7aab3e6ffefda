import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { WaitingBench } from '../../support/waiting-bench.js';

let bench: WaitingBench;
afterEach(async () => {
  await bench.end();
  assert.equal(bench.failure, undefined);
  assert.ok(bench.clock.waitingCount === 0, `${bench.clock.waitingCount} timers left`);
});

const after = (ms: number) => ({ notBeforeMs: bench.clock.nowMs() + ms });

async function started(options: ConstructorParameters<typeof WaitingBench>[0] = {}): Promise<void> {
  bench = new WaitingBench(options);
  bench.resume(0);
  bench.resume(1);
  await bench.clock.advance(0);
}

describe('the engine of what waits, with retries', () => {
  it('tells what it holds at once, and gives each at its time, whatever the order of the topic', async () => {
    await started();
    for (const ms of [30_000, 10_000, 20_000]) bench.write(after(ms));
    bench.write(after(15_000), 1);
    await bench.clock.advance(100);
    assert.equal(bench.held.length, 4);
    assert.equal(bench.engine.waitingCount, 4);
    assert.equal(bench.given.length, 0);
    await bench.clock.advance(60_000);
    assert.deepEqual(
      bench.given.map(({ atMonoMs, parcel }) => [atMonoMs, parcel.position.partition, parcel.position.offset]),
      [
        [10_000, 0, 1n],
        [15_000, 1, 0n],
        [20_000, 0, 2n],
        [30_000, 0, 0n],
      ],
    );
    assert.equal(bench.engine.waitingCount, 0);
  });

  it('has one timer, however many wait', async () => {
    await started();
    for (let index = 0; index < 50; index += 1) bench.write(after(1_000 + index));
    await bench.clock.advance(10);
    assert.equal(bench.clock.waitingCount, 1);
  });

  it('gives the next attempt under the same id, with its history, in the order of its alarm', async () => {
    await started();
    bench.write(after(1_000));
    await bench.clock.advance(2_000);
    const { notification, parcel } = bench.given[0] ?? assert.fail();
    assert.equal(parcel.orderKey, 'a-1');
    assert.deepEqual([notification.attempt, notification.history?.map(({ attempt }) => attempt)], [2, [1]]);
    assert.equal(notification.alarm.position.topic, 'alarms');
    assert.equal(notification.verdict, undefined);
    assert.match(notification.id, /^[\w-]{32}$/);
  });

  it('sends to the method as it is now', async () => {
    await started();
    bench.write(after(1_000));
    bench.directory.add({ id: 'm-1', address: 'new@there.com', type: 'webhook', name: 'new' });
    await bench.clock.advance(2_000);
    const { method } = bench.given[0]?.notification ?? assert.fail();
    assert.deepEqual([method.address.reveal(), method.type, method.name], ['new@there.com', 'webhook', 'new']);
  });

  it('records that the method is gone', async () => {
    await started();
    bench.write(after(1_000));
    bench.directory.remove('m-1');
    await bench.clock.advance(2_000);
    const { verdict } = bench.given[0]?.notification ?? assert.fail();
    assert.deepEqual([verdict?.outcome, verdict?.outcome === 'dead' && verdict.reason], ['dead', 'method_gone']);
  });

  it('records as expired what is older than the time to live when it is due, a jump of the clock aside', async () => {
    await started({ ttlMs: 60_000 });
    bench.write({ ...after(59_000), changedAtMs: bench.clock.nowMs() });
    bench.write({ ...after(61_000), changedAtMs: bench.clock.nowMs() });
    await bench.clock.advance(62_000);
    assert.deepEqual(
      bench.given.map(({ notification }) => notification.verdict?.outcome),
      [undefined, 'expired'],
    );
    assert.equal(bench.directory.askedCount, 2);
  });

  it('records as superseded what a newer transition among the retries has overtaken', async () => {
    await started();
    const nowMs = bench.clock.nowMs();
    bench.write({ ...after(20_000), changedAtMs: nowMs - 5_000 });
    bench.write({ ...after(10_000), changedAtMs: nowMs - 1_000, newState: 'OK' });
    bench.write({ ...after(20_000), changedAtMs: nowMs - 9_000, alarmId: 'another' });
    await bench.clock.advance(30_000);
    assert.deepEqual(
      bench.given.map(({ parcel, notification }) => [parcel.position.offset, notification.verdict]),
      [
        [1n, undefined],
        [0n, { outcome: 'superseded', by: { topic: 'alarms', partition: 1, offset: 41n } }],
        [2n, undefined],
      ],
    );
  });

  it('records as superseded what is in another state by now, and heeds no state that is not known', async () => {
    await started();
    bench.directory.setState('a-1', 'OK');
    bench.directory.setState('same', 'alarm');
    for (const alarmId of ['a-1', 'same', 'unknown']) bench.write({ ...after(1_000), alarmId });
    await bench.clock.advance(2_000);
    assert.deepEqual(
      bench.given.map(({ notification }) => notification.verdict),
      [{ outcome: 'superseded', by: undefined }, undefined, undefined],
    );
  });

  it('tries only the last record of an attempt, and none that was followed up', async () => {
    await started();
    for (const attempt of [1, 2, 2, 1]) bench.write({ ...after(1_000), source: 7, attempt });
    bench.write({ ...after(1_000), source: 8 });
    await bench.clock.advance(2_000);
    assert.deepEqual(
      bench.given.map(({ parcel, notification }) => [parcel.position.offset, notification.attempt]),
      [
        [2n, 3],
        [4n, 2],
      ],
    );
    assert.deepEqual(
      bench.finished.map(([offset]) => offset),
      [0n, 1n, 3n],
    );
  });

  it('decides nothing while MySQL is away, and goes on when it is back', async () => {
    await started();
    bench.directory.fail(Number.POSITIVE_INFINITY);
    for (let index = 0; index < 10; index += 1) bench.write(after(1_000 + index));
    await bench.clock.advance(60_000);
    assert.deepEqual([bench.given.length, bench.finished.length, bench.engine.waitingCount], [0, 0, 10]);
    const asked = bench.directory.askedCount;
    assert.ok(asked < 600, `${asked} questions within a minute`);
    bench.directory.fail(0);
    await bench.clock.advance(10_000);
    assert.equal(bench.given.length, 10);
  });

  it('waits while Kafka cannot be asked for what is due', async () => {
    await started();
    bench.isAway = true;
    bench.write(after(1_000));
    await bench.clock.advance(60_000);
    assert.deepEqual([bench.given.length, bench.engine.waitingCount], [0, 1]);
    bench.isAway = false;
    await bench.clock.advance(10_000);
    assert.equal(bench.given.length, 1);
  });

  it('tells and passes what retention took', async () => {
    await started();
    bench.write(after(1_000));
    bench.write(after(1_000));
    bench.lose(0);
    await bench.clock.advance(2_000);
    assert.deepEqual(bench.givenOffsets(), [1n]);
    assert.deepEqual(bench.finished, [[0n, 'expired']]);
    assert.equal(bench.telemetry.named('retry_vanished').length, 1);
  });

  it('parks what it cannot read, for as long as it takes, and finishes it then', async () => {
    await started();
    bench.parkFailures = 3;
    for (const value of ['', '[]', '{"raw_base64":"eA=="}']) bench.writeText(value);
    bench.write(after(1_000));
    await bench.clock.advance(20_000);
    assert.deepEqual(
      bench.letters.map(({ position, reason, raw }) => [position.offset, reason, Buffer.from(raw).toString()]),
      [
        [0n, 'malformed', ''],
        [1n, 'malformed', '[]'],
        [2n, 'malformed', '{"raw_base64":"eA=="}'],
      ],
    );
    assert.deepEqual(bench.finished, [
      [0n, 'malformed'],
      [1n, 'malformed'],
      [2n, 'malformed'],
    ]);
    assert.equal(bench.held.length, 4);
    assert.deepEqual(bench.givenOffsets(), [3n]);
  });

  it('holds no more than it may, and reads on as soon as some have left', async () => {
    await started({ capacity: 3 });
    for (let index = 0; index < 9; index += 1) bench.write(after(1_000 * (index + 1)));
    await bench.clock.advance(500);
    assert.equal(bench.engine.waitingCount, 3);
    await bench.clock.advance(9_500);
    assert.deepEqual(bench.givenOffsets(), [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
    assert.deepEqual([bench.given[3]?.atMonoMs, bench.given[8]?.atMonoMs], [4_000, 9_000]);
  });

  it('begins again where main says, without what was finished there', async () => {
    await started();
    for (let index = 0; index < 5; index += 1) bench.write(after(1_000));
    await bench.clock.advance(500);
    bench.reset();
    assert.equal(bench.engine.waitingCount, 0);
    bench.held.length = 0;
    bench.resume(0, 1, (offset) => offset === 2n);
    await bench.clock.advance(10_000);
    assert.deepEqual(
      bench.held.map(({ offset }) => offset),
      [1n, 3n, 4n],
    );
    assert.deepEqual(bench.givenOffsets(), [1n, 3n, 4n]);
  });

  it('gives nothing of a term that ended while it was being prepared', async () => {
    await started();
    let open = () => {};
    bench.room = new Promise((resolve) => {
      open = resolve;
    });
    bench.write(after(0));
    await bench.clock.advance(100);
    bench.write(after(0));
    bench.reset();
    open();
    await bench.clock.advance(1_000);
    assert.deepEqual(bench.givenOffsets(), [0n], 'the one that was on its way is for main to drop');
  });

  it('gives nothing of a paused partition, and all of the others', async () => {
    await started();
    bench.write(after(1_000), 0);
    bench.write(after(1_000), 1);
    await bench.clock.advance(500);
    bench.pause(0);
    assert.equal(bench.engine.waitingCount, 1);
    await bench.clock.advance(1_000);
    assert.deepEqual(
      bench.given.map(({ parcel }) => parcel.position.partition),
      [1],
    );
  });

  it('takes a record of the ancestor as due now, or one interval after its last attempt', async () => {
    await started();
    const nowSeconds = bench.clock.nowMs() / 1000;
    const raw = {
      tenantId: 't',
      alarmId: 'x',
      alarmName: 'n',
      newState: 'ALARM',
      oldState: 'OK',
      stateChangeReason: '',
    };
    const record = {
      id: 'm-1',
      type: 'email',
      name: 'n',
      address: 'a',
      retry_count: 0,
      raw_alarm: { ...raw, timestamp: nowSeconds },
    };
    const other = { ...record, raw_alarm: { ...record.raw_alarm, alarmId: 'y' } };
    bench.writeText(JSON.stringify({ ...record, notification_timestamp: null }));
    bench.writeText(JSON.stringify({ ...other, retry_count: 2, notification_timestamp: nowSeconds - 10 }));
    await bench.clock.advance(30_000);
    assert.deepEqual(
      bench.given.map(({ atMonoMs, notification }) => [atMonoMs, notification.attempt]),
      [
        [0, 1],
        [20_000, 4],
      ],
    );
    bench.reset();
    bench.resume(0);
    await bench.clock.advance(30_000);
    const ids = bench.given.map(({ notification }) => notification.id);
    assert.deepEqual(ids.slice(2), ids.slice(0, 2), 'the same at each reading');
  });

  it('moves nothing that waits when the clock jumps (T1)', async () => {
    await started();
    bench.write(after(10_000));
    await bench.clock.advance(100);
    const real = bench.clock.nowMs.bind(bench.clock);
    bench.clock.nowMs = () => real() + 3_600_000;
    await bench.clock.advance(9_000);
    assert.equal(bench.given.length, 0);
    await bench.clock.advance(1_000);
    assert.deepEqual([bench.given[0]?.atMonoMs, bench.given[0]?.notification.verdict], [10_000, undefined]);
  });
});
