import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { watchRelays } from '../../../src/delivery/watched-relay.js';
import { DeliveryError, type DeliveryFailure } from '../../../src/domain/errors.js';
import type { Notifier } from '../../../src/ports/notifier.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { FakeNotifier, hang, receipt } from '../../support/fakes/fake-notifier.js';
import { aNotification } from '../../support/notifications.js';

const never = new AbortController().signal;
const notification = aNotification('email', 'me@example.org');

class FakeRelayNotifier extends FakeNotifier {
  readonly relay = 'relay:25';
}

function setUp(fake: FakeNotifier = new FakeRelayNotifier()) {
  const clock = new FakeClock();
  const told: string[] = [];
  const seen = {
    answered: (system: string) => told.push(`${system} answered`),
    failed: (system: string, failure: string) => told.push(`${system} failed: ${failure}`),
  };
  const notifier: Notifier | undefined = watchRelays(new Map([['email', fake]]), seen, clock).get('email');
  assert.ok(notifier !== undefined);
  return { clock, told, notifier, fake };
}

function failing(failure: DeliveryFailure, wire?: string) {
  const facts = { failure, retriable: true, ...(wire === undefined ? {} : { wire }) };
  return () => Promise.reject(new DeliveryError(`it ${failure}`, facts));
}

describe('a watched relay', () => {
  it('is told to answer when it takes a mail, and when it refuses one', async () => {
    const { told, notifier, fake } = setUp();
    assert.equal(await notifier.send(notification, never), receipt);
    fake.react = failing('rejected', '550 no such user');
    await assert.rejects(notifier.send(notification, never), { failure: 'rejected' });
    assert.deepEqual(told, ['email relay answered', 'email relay answered']);
  });

  it('is told to be away when it cannot be reached', async () => {
    const { told, notifier, fake } = setUp();
    fake.react = failing('unreachable');
    await assert.rejects(notifier.send(notification, never));
    assert.deepEqual(told, ['email relay failed: it unreachable']);
  });

  it('is told to be away while sends hang, before the first of them runs out of time', async () => {
    const { clock, told, notifier, fake } = setUp();
    fake.react = hang;
    const end = new AbortController();
    const sending = notifier.send(notification, end.signal);
    await clock.advance(3_000);
    assert.deepEqual(told, []);
    await clock.advance(1_000);
    assert.equal(told[0], 'email relay failed: relay:25 has not answered for 3 s');
    end.abort();
    await assert.rejects(sending, { code: 'ABORTED' });
    const count = told.length;
    await clock.advance(5_000);
    assert.equal(told.length, count);
    await notifier.close();
    assert.equal(clock.waitingCount, 0);
  });

  it('does not judge by a mail that never went there', async () => {
    const { told, notifier, fake } = setUp();
    fake.react = failing('bad_address');
    await assert.rejects(notifier.send(notification, never));
    assert.deepEqual(told, []);
  });

  it('is watched only where there is one', () => {
    const fake = new FakeNotifier();
    assert.equal(setUp(fake).notifier, fake);
  });
});
