import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { notificationId } from '../../../src/domain/notification.js';
import { WaitingBench, type WaitingFacts } from '../../support/waiting-bench.js';

const minuteMs = 60_000;
const alarmAt = { topic: 'alarms', partition: 1, offset: 40n };
let bench: WaitingBench;

beforeEach(async () => {
  bench = new WaitingBench({ plan: 'repeat', ttlMs: 1 });
  bench.directory.add({ id: 'm-1', periodMs: minuteMs }, ['d-1', 'ALARM']);
  bench.directory.setState('a-1', 'ALARM');
  bench.resume(0);
  bench.resume(1);
  await bench.clock.advance(0);
});

afterEach(async () => {
  await bench.end();
  assert.equal(bench.failure, undefined);
});

/** The record of a telling of now, which is told again in a minute. */
function write(facts: WaitingFacts = {}): void {
  const notBeforeMs = bench.clock.nowMs() + minuteMs;
  bench.write({ repeat: 0, periodMs: minuteMs, notBeforeMs, ...facts });
}

function notificationsGiven() {
  return bench.given.map(({ notification }) => notification);
}

/** Why the only one that was given is not sent. */
async function endOf(facts: WaitingFacts = {}): Promise<string | undefined> {
  write(facts);
  await bench.clock.advance(minuteMs);
  const [given, another] = notificationsGiven();
  assert.ok(given !== undefined && another === undefined);
  assert.equal(given.verdict?.outcome, 'superseded');
  return given.verdict?.detail;
}

describe('a repeat that is due', () => {
  it('is the next telling, by the method as it is now, under an id of its own', async () => {
    bench.directory.add({ id: 'm-1', periodMs: minuteMs, address: 'new@there.com' });
    const firstAtMs = bench.clock.nowMs();
    write({ repeat: 3 });
    await bench.clock.advance(minuteMs - 1);
    assert.deepEqual([bench.given.length, bench.engine.waitingCount], [0, 1]);
    await bench.clock.advance(1);
    const [next] = notificationsGiven();
    assert.deepEqual([next?.repeat, next?.attempt, next?.history, next?.verdict], [4, 1, undefined, undefined]);
    assert.equal(next?.method.address.reveal(), 'new@there.com');
    assert.equal(next?.id, notificationId(alarmAt, 'm-1', 4));
    assert.equal(next?.dueAtMs, firstAtMs + minuteMs);
  });

  it('is no replay, though the telling before it was one', async () => {
    write({ replay: { atMs: bench.clock.nowMs(), reason: 'refused' } });
    await bench.clock.advance(minuteMs);
    const [next] = notificationsGiven();
    assert.deepEqual([next?.repeat, next?.replay], [1, undefined]);
  });

  it('is told however old the alarm is, as long as it goes on', async () => {
    write({ changedAtMs: bench.clock.nowMs() - 40 * 86_400_000 });
    await bench.clock.advance(minuteMs);
    assert.equal(notificationsGiven()[0]?.verdict, undefined);
  });

  it('is superseded when the alarm is in another state, or in none', async () => {
    bench.directory.setState('a-1', 'OK');
    assert.equal(await endOf(), 'the alarm is in state OK');
    bench.given.length = 0;
    assert.equal(await endOf({ alarmId: 'unknown' }), 'the database has no state of this alarm');
  });

  it('looks at the state when it is due and not before', async () => {
    bench.directory.setState('a-1', 'OK');
    write();
    await bench.clock.advance(minuteMs - 1_000);
    bench.directory.setState('a-1', 'ALARM');
    await bench.clock.advance(1_000);
    assert.equal(notificationsGiven()[0]?.verdict, undefined);
  });

  it('looks at the state again when it had to wait for room in the flow', async () => {
    let open = () => {};
    bench.room = new Promise((resolve) => {
      open = resolve;
    });
    write();
    await bench.clock.advance(minuteMs + 5_000);
    bench.directory.setState('a-1', 'OK');
    open();
    await bench.clock.advance(0);
    assert.equal(notificationsGiven()[0]?.verdict?.outcome, 'superseded');
  });

  it('ends when the method was deleted', async () => {
    bench.directory.remove('m-1');
    assert.equal(await endOf(), 'the method was deleted or taken from the alarm');
  });

  it('ends when the method is asked for by other alarms only', async () => {
    bench.directory.add({ id: 'm-2', periodMs: minuteMs }, ['d-2', 'ALARM']);
    assert.equal(await endOf({ methodId: 'm-2' }), 'the method was deleted or taken from the alarm');
  });

  it('ends when the method asks for no repeats any more', async () => {
    bench.directory.add({ id: 'm-1', periodMs: 0 });
    assert.equal(await endOf(), 'the method asks for no repeats any more');
  });

  it('waits while MySQL is away', async () => {
    bench.directory.fail(Number.POSITIVE_INFINITY);
    write();
    await bench.clock.advance(3 * minuteMs);
    assert.deepEqual([bench.given.length, bench.engine.waitingCount], [0, 1]);
    bench.directory.fail(0);
    await bench.clock.advance(10_000);
    assert.equal(bench.given.length, 1);
  });
});

describe('of the repeats of one alarm to one method', () => {
  it('those of the older transition end when a newer one is repeated', async () => {
    const nowMs = bench.clock.nowMs();
    write({ changedAtMs: nowMs - 5_000, repeat: 9 });
    write({ changedAtMs: nowMs - 1_000 });
    await bench.clock.advance(minuteMs);
    assert.deepEqual(
      notificationsGiven().map(({ repeat, verdict }) => [repeat, verdict?.outcome]),
      [
        [10, 'superseded'],
        [1, undefined],
      ],
    );
    const [{ verdict } = assert.fail()] = notificationsGiven();
    assert.deepEqual(verdict?.outcome === 'superseded' && verdict.by, { ...alarmAt, offset: 41n });
  });

  it('only the last link goes on: a copy, and one that was followed up, end without a word', async () => {
    for (const repeat of [1, 2, 2, 1]) write({ repeat });
    write({ repeat: 1, alarmId: 'another' });
    bench.directory.setState('another', 'ALARM');
    await bench.clock.advance(minuteMs);
    assert.deepEqual(
      bench.given.map(({ parcel, notification }) => [parcel.position.offset, notification.repeat]),
      [
        [2n, 3],
        [4n, 2],
      ],
    );
    assert.deepEqual(
      bench.finished.map(([offset, reason]) => [offset, reason]),
      [
        [0n, 'recorded'],
        [1n, 'recorded'],
        [3n, 'recorded'],
      ],
    );
  });

  it('those of another tenant whose alarm has the same id are none of its business', async () => {
    write({ tenantId: 'one', repeat: 1 });
    write({ tenantId: 'other', repeat: 2 });
    await bench.clock.advance(minuteMs);
    assert.deepEqual(
      notificationsGiven().map(({ alarm, repeat, verdict }) => [alarm.tenantId, repeat, verdict]),
      [
        ['one', 2, undefined],
        ['other', 3, undefined],
      ],
    );
  });

  it('those to another method are none of its business', async () => {
    bench.directory.add({ id: 'm-2', periodMs: minuteMs }, ['d-1', 'ALARM']);
    write();
    write({ methodId: 'm-2' });
    await bench.clock.advance(minuteMs);
    assert.deepEqual(
      notificationsGiven().map(({ method, verdict }) => [method.id, verdict]),
      [
        ['m-1', undefined],
        ['m-2', undefined],
      ],
    );
  });
});

describe('a repeat of the ancestor', () => {
  const raw = {
    ...{ tenantId: 't', alarmId: 'a-1', alarmDefinitionId: 'd-1', alarmName: 'n', oldState: 'OK' },
    stateChangeReason: '',
  };
  const record = (newState: string, more: Readonly<Record<string, unknown>>) => ({
    ...{ id: 'm-1', type: 'email', name: 'n', address: 'a', retry_count: 0, period: 60 },
    raw_alarm: { ...raw, newState, timestamp: 1_429_023_453 },
    ...more,
  });

  it('is due one period after the last telling, at once when there was none, and has the same id at each reading', async () => {
    const toldAtMs = bench.clock.nowMs() - 20_000;
    bench.writeText(JSON.stringify(record('ALARM', { notification_timestamp: toldAtMs / 1000 })));
    await bench.clock.advance(minuteMs);
    bench.reset();
    bench.resume(0);
    await bench.clock.advance(minuteMs);
    const [first, again] = bench.given;
    assert.equal(first?.atMonoMs, 40_000);
    assert.deepEqual([first?.notification.repeat, first?.notification.dueAtMs], [1, toldAtMs + minuteMs]);
    assert.equal(first?.notification.id, again?.notification.id);
  });

  it('without a telling is due at once, and its period counts from then on', async () => {
    bench.writeText(JSON.stringify(record('ALARM', { notification_timestamp: null })));
    await bench.clock.advance(10);
    const [given] = bench.given;
    assert.equal(given?.atMonoMs, 0);
    assert.equal(given?.notification.dueAtMs, bench.clock.nowMs() - 10);
  });

  it('of another state than ALARM ends', async () => {
    bench.directory.setState('a-1', 'OK');
    bench.writeText(JSON.stringify(record('OK', { notification_timestamp: null })));
    await bench.clock.advance(10);
    const verdict = notificationsGiven()[0]?.verdict;
    assert.deepEqual(
      verdict?.outcome === 'superseded' && verdict.detail,
      'alarms of this state or source are not repeated',
    );
  });
});
