import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Notification } from '../../../src/domain/notification.js';
import { isRepeated, nextDueAtMs, repeatPolicy } from '../../../src/periodic/repeat-policy.js';
import { alarmWith } from '../../support/alarms.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';
import { aNotification } from '../../support/notifications.js';

const minuteMs = 60_000;

/** A notification of a method that asks for a repeat every so often. */
function of(periodMs: number, facts: Partial<Notification> = {}): Notification {
  const notification = aNotification('webhook', 'http://receiver.example/', { alarm: alarmWith() });
  return { ...notification, method: { ...notification.method, periodMs }, ...facts };
}

function setUp(...periods: readonly number[]) {
  const telemetry = new RecordingTelemetry();
  const topics = periods.map((periodMs) => ({ periodMs, topic: `every-${periodMs}` }));
  return { telemetry, policy: repeatPolicy(topics, telemetry) };
}

describe('the next repeat', () => {
  it('is due one period after the first telling, on the topic of that period', () => {
    const { policy } = setUp(minuteMs, 5 * minuteMs);
    assert.deepEqual(policy.next(of(minuteMs), 1_000, 0), { topic: 'every-60000', dueAtMs: 61_000 });
    assert.deepEqual(policy.next(of(5 * minuteMs), 1_000, 0), { topic: 'every-300000', dueAtMs: 301_000 });
  });

  it('counts from when this one was due, however late it was told', () => {
    const { policy } = setUp(minuteMs);
    assert.equal(policy.next(of(minuteMs, { repeat: 1, dueAtMs: 60_000 }), 60_900, 0)?.dueAtMs, 120_000);
  });

  it('is one after a long gap, in the row of the ones that were missed', () => {
    const { policy } = setUp(minuteMs);
    const late = of(minuteMs, { repeat: 1, dueAtMs: 60_000 });
    assert.equal(policy.next(late, 60_000 + 10 * minuteMs + 5_000, 0)?.dueAtMs, 60_000 + 11 * minuteMs);
    assert.equal(policy.next(late, 60_000 + 10 * minuteMs + 55_000, 0)?.dueAtMs, 60_000 + 12 * minuteMs, 'not at once');
  });

  it('comes no earlier than a receiver asks', () => {
    const { policy } = setUp(minuteMs);
    const asked = policy.next(of(minuteMs, { repeat: 1, dueAtMs: 60_000 }), 61_000, 200_000)?.dueAtMs ?? 0;
    assert.equal(asked, 300_000);
  });

  it('does not drift: it is always in the row, later, and between half a period and one and a half away', () => {
    const property = fc.property(
      ...[fc.nat({ max: 1e6 }), fc.integer({ min: 1_000, max: 1e6 }), fc.nat({ max: 1e7 })],
      (fromMs, periodMs, lateMs) => {
        const dueAtMs = nextDueAtMs(fromMs, periodMs, fromMs + lateMs);
        assert.equal((dueAtMs - fromMs) % periodMs, 0);
        assert.ok(dueAtMs >= fromMs + periodMs);
        const awayMs = dueAtMs - (fromMs + lateMs);
        assert.ok(awayMs >= periodMs / 2 && awayMs <= 1.5 * periodMs, `${awayMs} of ${periodMs}`);
      },
    );
    fc.assert(property);
  });

  it('does not come without a period, without topics, or in another state than ALARM', () => {
    const { policy, telemetry } = setUp(minuteMs);
    assert.equal(policy.next(of(0), 0, 0), undefined);
    assert.equal(setUp().policy.next(of(minuteMs), 0, 0), undefined);
    for (const newState of ['OK', 'UNDETERMINED'])
      assert.equal(policy.next(of(minuteMs, { alarm: alarmWith({ newState }) }), 0, 0), undefined);
    assert.deepEqual(telemetry.events, []);
  });

  it('that has no topic is told of and counted', () => {
    const { policy, telemetry } = setUp(minuteMs);
    assert.equal(policy.next(of(90_000), 0, 0), undefined);
    const [event] = telemetry.named('period_without_topic');
    assert.equal(event?.period_seconds, 90);
  });
});

describe('an alarm', () => {
  it('whose source repeats it is not repeated here', () => {
    const producer = (type: string) => ({ source: { type, instance: 'i', version: '1' } });
    const cases = [
      [{}, true],
      [{ kind: 'transition', ...producer('probe') }, true],
      [{ kind: 'transition', ...producer('external') }, true],
      [{ kind: 'transition', ...producer('alert-exec') }, false],
      [{ kind: 'repeat' }, false],
      [{ kind: 7, source: null }, true],
      [{ source: 'alert-exec' }, true],
    ] as const;
    for (const [fields, isOurs] of cases) assert.equal(isRepeated(alarmWith(fields)), isOurs, JSON.stringify(fields));
  });
});
