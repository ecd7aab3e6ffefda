import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SendBreakers } from '../../../src/delivery/send-breakers.js';
import { DeliveryError, type DeliveryFailure, deliveryFailures, givenUp } from '../../../src/domain/errors.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const limits = { failuresToOpen: 5, firstPauseMs: 5000, longestPauseMs: 300_000 };
const at = (address: string, destination = 'host') => ({ destination, address, methodId: `m-${address}` });
const failing = (failure: DeliveryFailure, more = {}) =>
  new DeliveryError(`it was ${failure}`, { failure, retriable: true, ...more });

function someBreakers() {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const breakers = new SendBreakers(limits, clock, telemetry);
  const end = (place: ReturnType<typeof at>, error: unknown, count = 1) => {
    for (let left = count; left > 0; left -= 1) {
      const leave = breakers.admit(place, true);
      if (leave.kind === 'leave') leave.ended(error);
    }
  };
  const waits = (place: ReturnType<typeof at>) => breakers.admit(place, false).kind === 'wait';
  return { breakers, clock, telemetry, end, waits };
}

describe('the breakers of a worker', () => {
  test('open for what concerns others too: the address, or the whole destination', () => {
    const opened = (failure: DeliveryFailure) => {
      const { end, waits } = someBreakers();
      end(at('one'), failing(failure), 5);
      return waits(at('two')) ? 'destination' : waits(at('one')) ? 'address' : 'nothing';
    };
    assert.deepEqual(Object.fromEntries(deliveryFailures.map((failure) => [failure, opened(failure)])), {
      rejected: 'nothing',
      unauthorized: 'destination',
      rate_limited: 'address',
      unreachable: 'destination',
      timed_out: 'destination',
      server_error: 'address',
      forbidden_address: 'nothing',
      bad_address: 'nothing',
      outcome_unknown: 'address',
    });
  });

  test('leave a host alone when five of its addresses fail in a row, and not for a broken hook or two', () => {
    const { end, waits } = someBreakers();
    for (const address of ['a', 'b', 'c', 'd']) end(at(address), failing('server_error'), 9);
    assert.deepEqual([waits(at('a')), waits(at('healthy'))], [true, false]);
    end(at('e'), failing('server_error'));
    assert.equal(waits(at('healthy')), true);
  });

  test('close for the host when another address answers, and not for the broken one', () => {
    const { end, waits } = someBreakers();
    for (const address of ['a', 'b', 'c', 'd', 'e']) end(at(address), failing('server_error'), 5);
    end(at('healthy'), failing('rejected', { retriable: false, wire: 'HTTP 404 Not Found' }));
    assert.deepEqual([waits(at('healthy')), waits(at('a'))], [false, true]);
  });

  test('do not hold it against others that one mailbox is full, that a pause was asked for, or that a send was given up', () => {
    const { breakers, end } = someBreakers();
    end(at('a'), failing('server_error', { scope: 'notification', wire: '450 4.2.0 greylisted' }), 9);
    end(at('a'), failing('rate_limited', { retryAfterMs: 1000 }), 9);
    end(at('a'), givenUp('given up'), 9);
    assert.equal(breakers.size, 0);
  });

  test('let one probe out, for the address and for the destination', () => {
    const { breakers, clock, end, waits } = someBreakers();
    end(at('a'), failing('unreachable'), 5);
    assert.equal(waits(at('a')), true);
    clock.freezeFor(5000);
    const probe = breakers.admit(at('a'), false);
    assert.ok(probe.kind === 'leave' && waits(at('b')));
    probe.ended(givenUp('given up'));
    const next = breakers.admit(at('b'), false);
    assert.ok(next.kind === 'leave');
    next.ended(undefined);
    assert.deepEqual([waits(at('a')), breakers.size], [false, 0]);
  });

  test('do not lose the probe of an address whose destination has to wait', () => {
    const { breakers, clock, end, waits } = someBreakers();
    end(at('a'), failing('server_error'), 5);
    clock.freezeFor(2500);
    end(at('b'), failing('unreachable'), 5);
    clock.freezeFor(2500);
    assert.equal(waits(at('a')), true);
    clock.freezeFor(2500);
    assert.equal(breakers.admit(at('a'), false).kind, 'leave');
  });

  test('say once that one opened, why and for how long, and once that it closed, and no address', () => {
    const { end, telemetry, breakers } = someBreakers();
    end(at('a'), failing('server_error'), 9);
    assert.deepEqual(breakers.open(), { named: ['host'], moreCount: 0 });
    end(at('a'), undefined, 2);
    const of = { destination: 'host', scope: 'address', method_id: 'm-a' };
    assert.deepEqual(telemetry.events, [
      {
        name: 'breaker_opened',
        fields: { ...of, failure: 'server_error', error: 'it was server_error', probe_after_ms: 5000 },
      },
      { name: 'breaker_closed', fields: of },
    ]);
    assert.equal(breakers.size, 0);
  });

  test('name at most a hundred, and forget what failed longest ago when there are too many', () => {
    const { breakers, end } = someBreakers();
    for (let host = 0; host < 10_050; host += 1) end(at('a', `host-${host}`), failing('timed_out'), 5);
    assert.equal(breakers.size, 10_000);
    const { named, moreCount } = breakers.open();
    assert.deepEqual([named.length, named[0], moreCount], [100, 'host-50', 9_900]);
  });
});
