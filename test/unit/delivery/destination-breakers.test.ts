import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DestinationBreakers } from '../../../src/delivery/destination-breakers.js';
import { DeliveryError, type DeliveryFailure, deliveryFailures, EngineError } from '../../../src/domain/errors.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const limits = { failuresToOpen: 5, firstPauseMs: 5000, longestPauseMs: 300_000 };

function someBreakers() {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  return { breakers: new DestinationBreakers(limits, clock, telemetry), clock, telemetry };
}

function endOne(breakers: DestinationBreakers, destination: string, error: unknown): void {
  const leave = breakers.admit(destination, true);
  if (leave.kind !== 'wait') leave.ended(error);
}

const failing = (failure: DeliveryFailure, more = {}) =>
  new DeliveryError(failure, { failure, retriable: true, ...more });

describe('the breakers of a worker', () => {
  test('open for what concerns the destination, and for nothing else', () => {
    const opening = deliveryFailures.filter((failure) => {
      const { breakers } = someBreakers();
      for (let at = 0; at < 5; at += 1) endOne(breakers, 'a', failing(failure));
      return breakers.admit('a', false).kind === 'wait';
    });
    assert.deepEqual(opening, [
      'unauthorized',
      'rate_limited',
      'unreachable',
      'timed_out',
      'server_error',
      'outcome_unknown',
    ]);
    const { breakers } = someBreakers();
    const greylisted = failing('server_error', { scope: 'notification', wire: '450 4.2.0 greylisted' });
    for (const error of [
      greylisted,
      failing('rate_limited', { retryAfterMs: 1000 }),
      new EngineError('ABORTED', 'x', { retriable: true }),
    ])
      for (let at = 0; at < 5; at += 1) endOne(breakers, 'a', error);
    assert.equal(breakers.size, 0);
  });

  test('say once that one opened, why and for how long, and once that it closed', () => {
    const { breakers, telemetry } = someBreakers();
    for (let at = 0; at < 9; at += 1) endOne(breakers, 'a', failing('unreachable'));
    endOne(breakers, 'a', undefined);
    endOne(breakers, 'a', undefined);
    assert.deepEqual(telemetry.events, [
      {
        name: 'breaker_opened',
        fields: { destination: 'a', failure: 'unreachable', error: 'unreachable', probe_after_ms: 5000 },
      },
      { name: 'breaker_closed', fields: { destination: 'a' } },
    ]);
    assert.equal(breakers.size, 0);
  });

  test('name at most a hundred that are open, and forget what failed longest ago when there are too many', () => {
    const { breakers } = someBreakers();
    for (let at = 0; at < 10_050; at += 1) {
      for (let failure = 0; failure < 5; failure += 1) endOne(breakers, `host-${at}`, failing('timed_out'));
    }
    assert.equal(breakers.size, 10_000);
    const { named, moreCount } = breakers.open();
    assert.deepEqual([named.length, named[0], moreCount], [100, 'host-50', 9_900]);
  });
});
