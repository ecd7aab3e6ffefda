import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, test } from 'node:test';
import { DeliveryError } from '../../../src/domain/errors.js';
import { hang, receipt } from '../../support/fakes/fake-notifier.js';
import { gateBench } from '../../support/gate-bench.js';
import { aNotification } from '../../support/notifications.js';

const never = new AbortController().signal;
setMaxListeners(0, never);
const notification = aNotification('webhook', 'a.example/hook');

const aGate = (concurrencyPerDestination = 2) => gateBench({ concurrencyPerDestination });
const taken = { kind: 'taken', receipt };

async function turns(): Promise<void> {
  for (let at = 0; at < 5; at += 1) await new Promise(setImmediate);
}

describe('the send gate', () => {
  test('sends under a valid lease and gives the place back', async () => {
    const { gate, limit, notifier } = aGate();
    assert.deepEqual(await gate.send(notifier, notification, never), taken);
    assert.equal(limit.size, 0);
  });

  test('sends nothing without a lease, and everything once there is one', async () => {
    const { gate, lease, notifier } = aGate();
    lease.end();
    const sending = gate.send(notifier, notification, never);
    await turns();
    assert.equal(notifier.sent.length, 0);
    lease.begin();
    await sending;
    assert.equal(notifier.sent.length, 1);
  });

  test('looks at the lease again after it waited for a place', async () => {
    const { gate, lease, notifier } = aGate(1);
    notifier.react = hang;
    const giveUp = new AbortController();
    const first = gate.send(notifier, notification, giveUp.signal);
    await turns();
    const second = gate.send(notifier, notification, never);
    await turns();
    notifier.react = async () => receipt;
    lease.end();
    giveUp.abort();
    await assert.rejects(first, { code: 'ABORTED' });
    await turns();
    assert.equal(notifier.sent.length, 1);
    lease.begin();
    await second;
    assert.equal(notifier.sent.length, 2);
  });

  test('ends a send whose lease ends, and sends it again under the next one', async () => {
    const { gate, lease, limit, notifier } = aGate();
    notifier.react = hang;
    const sending = gate.send(notifier, notification, never);
    await turns();
    lease.end();
    await turns();
    assert.deepEqual([notifier.sendingCount, limit.size], [0, 0]);
    notifier.react = async () => receipt;
    lease.begin();
    assert.deepEqual(await sending, taken);
    assert.deepEqual(
      notifier.sent.map(({ id }) => id),
      [notification.id, notification.id],
    );
  });

  test('tells how many sends a lease cut off when it ended, once, and nothing when it ended under none', async () => {
    const { gate, lease, notifier, telemetry } = aGate();
    lease.end();
    lease.begin();
    notifier.react = hang;
    const sending = [gate.send(notifier, notification, never), gate.send(notifier, notification, never)];
    await turns();
    notifier.react = async () => receipt;
    lease.end();
    lease.begin();
    await Promise.all(sending);
    lease.end();
    assert.deepEqual(telemetry.named('sends_cut_off'), [{ sends: 2 }]);
  });

  test('tells of no lease when the item is given up', async () => {
    const { gate, notifier, telemetry } = aGate();
    notifier.react = hang;
    const giveUp = new AbortController();
    const sending = gate.send(notifier, notification, giveUp.signal);
    await turns();
    giveUp.abort();
    await assert.rejects(sending, { code: 'ABORTED' });
    assert.deepEqual(telemetry.named('sends_cut_off'), []);
  });

  test('guesses no outcome for a send whose lease ended, whatever the notifier throws then', async () => {
    const { gate, lease, notifier } = aGate();
    notifier.react = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('AbortError'))));
    const giveUp = new AbortController();
    const sending = gate.send(notifier, notification, giveUp.signal);
    await turns();
    lease.end();
    await turns();
    giveUp.abort();
    await assert.rejects(sending, { code: 'ABORTED' });
  });

  test('keeps the outcome of a send that ended with the lease', async () => {
    const { gate, lease, notifier } = aGate();
    notifier.react = async () => {
      lease.end();
      return receipt;
    };
    assert.deepEqual(await gate.send(notifier, notification, never), taken);
  });

  test('ends everywhere when the item is given up', async () => {
    const { gate, lease, limit, notifier } = aGate(1);
    notifier.react = hang;
    const giveUp = new AbortController();
    const inSend = gate.send(notifier, notification, giveUp.signal);
    await turns();
    const inQueue = gate.send(notifier, notification, giveUp.signal);
    await turns();
    giveUp.abort();
    await assert.rejects(inSend, { code: 'ABORTED' });
    await assert.rejects(inQueue, { code: 'ABORTED' });
    lease.end();
    const other = new AbortController();
    const inWait = gate.send(notifier, notification, other.signal);
    await turns();
    other.abort();
    await assert.rejects(inWait, { code: 'ABORTED' });
    assert.deepEqual([limit.size, notifier.sent.length], [0, 1]);
  });

  test('does not hold up other destinations behind one that hangs (H1)', async () => {
    const { gate, notifier } = aGate(2);
    notifier.react = (sent, signal) =>
      sent.method.address.reveal().startsWith('hung') ? hang(sent, signal) : Promise.resolve(receipt);
    const giveUp = new AbortController();
    const hung = Array.from({ length: 20 }, () =>
      gate.send(notifier, aNotification('webhook', 'hung/'), giveUp.signal),
    );
    await Promise.all(Array.from({ length: 20 }, () => gate.send(notifier, notification, never)));
    assert.equal(notifier.sent.filter(({ method }) => method.address.reveal() === 'hung/').length, 2);
    giveUp.abort();
    for (const sending of hung) await assert.rejects(sending, { code: 'ABORTED' });
  });

  test('passes on what a notifier says, and makes a failure of what it may not throw, without its text', async () => {
    const { gate, notifier } = aGate();
    const refused = new DeliveryError('no', { failure: 'rejected', retriable: false });
    notifier.react = () => Promise.reject(refused);
    await assert.rejects(gate.send(notifier, notification, never), refused);
    notifier.react = () => Promise.reject(new TypeError('token T0P-S3CRET'));
    await assert.rejects(gate.send(notifier, notification, never), (error: Error) => {
      assert.ok(error instanceof DeliveryError && error.retriable && error.failure === 'outcome_unknown');
      assert.ok(error.message.includes('TypeError') && !error.message.includes('S3CRET'));
      return true;
    });
  });
});

const down = new DeliveryError('nobody there', { failure: 'unreachable', retriable: true });

/** A gate whose destination has failed five times. */
async function anOpenGate() {
  const bench = aGate(8);
  bench.notifier.react = () => Promise.reject(down);
  for (let at = 0; at < 5; at += 1) await assert.rejects(bench.gate.send(bench.notifier, notification, never), down);
  bench.notifier.sent.length = 0;
  return bench;
}

describe('the send gate before a destination that fails', () => {
  test('puts off at once until the breaker may probe, and other destinations go on', async () => {
    const { gate, notifier, clock } = await anOpenGate();
    const result = await gate.send(notifier, notification, never);
    assert.ok(result.kind === 'put_off');
    assert.equal(result.notBeforeMs - clock.nowMs(), 5000);
    assert.match(result.detail, /^not tried: a\.example keeps failing/);
    assert.equal(notifier.sent.length, 0);
    notifier.react = async () => receipt;
    assert.deepEqual(await gate.send(notifier, aNotification('webhook', 'b.example/'), never), taken);
  });

  test('sends one probe when its time has come, and everything after it succeeded', async () => {
    const { gate, notifier, clock, telemetry } = await anOpenGate();
    await clock.advance(5000);
    notifier.react = hang;
    const giveUp = new AbortController();
    const probe = gate.send(notifier, notification, giveUp.signal);
    await turns();
    assert.equal((await gate.send(notifier, notification, never)).kind, 'put_off');
    assert.equal(notifier.sent.length, 1);
    // A probe that is given up tells nothing: the next one takes its place.
    giveUp.abort();
    await assert.rejects(probe, { code: 'ABORTED' });
    notifier.react = async () => receipt;
    assert.deepEqual(await gate.send(notifier, notification, never), taken);
    assert.deepEqual(await gate.send(notifier, notification, never), taken);
    assert.deepEqual(
      telemetry.events.map(({ name }) => name),
      ['breaker_opened', 'breaker_closed'],
    );
  });

  test('tries in spite of the breaker what was put off five times', async () => {
    const { gate, notifier } = await anOpenGate();
    assert.equal((await gate.send(notifier, { ...notification, putOffCount: 4 }, never)).kind, 'put_off');
    await assert.rejects(gate.send(notifier, { ...notification, putOffCount: 5 }, never), down);
  });

  test('stays open for everybody when only one notification is refused', async () => {
    const { gate, notifier } = aGate(8);
    const refused = new DeliveryError('no', { failure: 'rejected', retriable: false, wire: 'HTTP 404' });
    for (const error of [down, down, down, down, refused, down, down, down, down]) {
      notifier.react = () => Promise.reject(error);
      await assert.rejects(gate.send(notifier, notification, never), error);
    }
    notifier.react = async () => receipt;
    assert.deepEqual(await gate.send(notifier, notification, never), taken);
  });

  test('lets go of all that waits for a host that hangs, once it is known', async () => {
    const { gate, notifier, clock } = aGate(5);
    notifier.react = async () => {
      await clock.sleep(5000);
      throw new DeliveryError('late', { failure: 'outcome_unknown', retriable: true });
    };
    const sends = Array.from({ length: 40 }, () => gate.send(notifier, notification, never).catch(() => 'failed'));
    await clock.advance(5000);
    // Before the fifth failure each of the four others let one more in.
    assert.equal(notifier.sendingCount, 4);
    await clock.advance(5000);
    const ends = await Promise.all(sends);
    assert.equal(ends.filter((end) => end === 'failed').length, 9);
  });
});

describe('the send gate and rates', () => {
  test('gives each address its own rate, and puts off what would wait', async () => {
    const { gate, notifier, clock } = aGate(8);
    const rated = Object.assign(notifier, { rate: { perSecond: 0.1, of: 'address' as const } });
    assert.equal((await gate.send(rated, aNotification('slack', 'a.example/1'), never)).kind, 'taken');
    const second = await gate.send(rated, aNotification('slack', 'a.example/1'), never);
    assert.ok(second.kind === 'put_off' && second.notBeforeMs - clock.nowMs() === 20_000, JSON.stringify(second));
    assert.equal((await gate.send(rated, aNotification('slack', 'a.example/2'), never)).kind, 'taken');
  });

  test('leaves an address alone for as long as its receiver asked', async () => {
    const { gate, notifier, clock } = aGate(8);
    const busy = new DeliveryError('slow', { failure: 'rate_limited', retriable: true, retryAfterMs: 60_000 });
    notifier.react = () => Promise.reject(busy);
    await assert.rejects(gate.send(notifier, notification, never), busy);
    notifier.react = async () => receipt;
    const later = await gate.send(notifier, notification, never);
    assert.ok(later.kind === 'put_off' && later.notBeforeMs - clock.nowMs() >= 60_000);
    assert.deepEqual(await gate.send(notifier, aNotification('webhook', 'a.example/other'), never), taken);
    await clock.advance(60_000);
    assert.deepEqual(await gate.send(notifier, notification, never), taken);
  });

  test('holds a whole destination to the rate of the configuration', async () => {
    const { gate, notifier, clock } = gateBench({ concurrencyPerDestination: 100, ratePerDestination: 10 });
    const sends = Array.from({ length: 100 }, (_, at) =>
      gate.send(notifier, aNotification('webhook', `a.example/${at}`), never),
    );
    await clock.advance(1000);
    assert.equal(notifier.sent.length, 50 + 10);
    await clock.advance(1000);
    const kinds = (await Promise.all(sends)).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'taken').length, 50 + 20);
  });
});
