import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DestinationLimit } from '../../../src/delivery/destination-limit.js';
import { SendGate } from '../../../src/delivery/send-gate.js';
import { DeliveryError } from '../../../src/domain/errors.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { FakeLease } from '../../support/fakes/fake-lease.js';
import { FakeNotifier, hang, receipt } from '../../support/fakes/fake-notifier.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';
import { aNotification } from '../../support/notifications.js';

const never = new AbortController().signal;
const notification = aNotification('webhook', 'a.example/hook');

function aGate(concurrencyPerDestination = 2) {
  const lease = new FakeLease();
  const limit = new DestinationLimit({ concurrencyPerDestination, senders: 1 });
  const gate = new SendGate(lease, limit, new FakeClock(), new RecordingTelemetry());
  return { lease, limit, gate, notifier: new FakeNotifier() };
}

async function turns(): Promise<void> {
  for (let at = 0; at < 5; at += 1) await new Promise(setImmediate);
}

describe('the send gate', () => {
  test('sends under a valid lease and gives the place back', async () => {
    const { gate, limit, notifier } = aGate();
    assert.equal(await gate.send(notifier, notification, never), receipt);
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
    assert.equal(await sending, receipt);
    assert.deepEqual(
      notifier.sent.map(({ id }) => id),
      [notification.id, notification.id],
    );
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
    assert.equal(await gate.send(notifier, notification, never), receipt);
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

  test('does not hold up other destinations behind one that hangs', async () => {
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
