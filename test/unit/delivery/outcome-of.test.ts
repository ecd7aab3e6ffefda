import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failedRecord, putOffRecord, sentRecord, unsendableRecord } from '../../../src/delivery/outcome-of.js';
import { DeliveryError } from '../../../src/domain/errors.js';
import { repeatPolicy } from '../../../src/periodic/repeat-policy.js';
import { retryPolicy } from '../../../src/retry/retry-policy.js';
import { alarmWith } from '../../support/alarms.js';
import { receipt } from '../../support/fakes/fake-notifier.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';
import { aNotification } from '../../support/notifications.js';

const retry = retryPolicy({ baseMs: 30_000, capMs: 3_600_000, maxAttempts: 5 }, () => 1);
const policies = { retry, repeat: repeatPolicy([{ periodMs: 60_000, topic: 'minutes' }], new RecordingTelemetry()) };
const passing = new DeliveryError('busy', { failure: 'server_error', retriable: true, wire: 'HTTP 503' });
const first = aNotification('webhook', 'http://receiver.example/');

describe('the outcome of a send', () => {
  test('is sent with the receiver’s id and the failures before it', () => {
    const history = [{ attempt: 1, atMs: 5, failure: 'timed_out' as const }];
    const notification = { ...first, attempt: 2, history };
    assert.deepEqual(sentRecord(notification, receipt, 7, policies), {
      notification,
      history,
      outcome: 'sent',
      sentAtMs: 7,
      remoteId: 'their-id',
    });
  });

  test('is retrying five times after the first send, at growing pauses, then dead', () => {
    let notification = first;
    const pauses: number[] = [];
    for (;;) {
      const record = failedRecord(notification, passing, 1000, policies);
      assert.equal(record.history.length, notification.attempt);
      if (record.outcome !== 'retrying') {
        assert.deepEqual([record.outcome, record.outcome === 'dead' && record.reason], ['dead', 'attempts_used_up']);
        break;
      }
      assert.equal(record.detail, 'busy (HTTP 503)');
      pauses.push(record.notBeforeMs - 1000);
      notification = { ...notification, attempt: notification.attempt + 1, history: record.history };
    }
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 480_000]);
    assert.equal(notification.attempt, 6);
  });

  test('is retrying no earlier than the receiver asks', () => {
    const asked = new DeliveryError('slow down', { failure: 'rate_limited', retriable: true, retryAfterMs: 900_000 });
    const record = failedRecord(first, asked, 1000, policies);
    assert.equal(record.outcome === 'retrying' && record.notBeforeMs, 916_000);
  });

  test('is dead at once when refused, or when the address cannot be used', () => {
    for (const [failure, reason] of [
      ['rejected', 'refused'],
      ['unauthorized', 'refused'],
      ['forbidden_address', 'refused'],
      ['bad_address', 'bad_method'],
    ] as const) {
      const record = failedRecord(first, new DeliveryError('no', { failure, retriable: false }), 1000, policies);
      assert.deepEqual(record, {
        notification: first,
        history: [{ attempt: 1, atMs: 1000, failure }],
        outcome: 'dead',
        reason,
        detail: 'no',
      });
    }
  });

  test('tells the answer once, also where the error has it in its words already', () => {
    const said = new DeliveryError('POST to a was answered HTTP 404 Not Found: check', {
      failure: 'rejected',
      retriable: false,
      wire: 'HTTP 404 Not Found',
    });
    const record = failedRecord(first, said, 1000, policies);
    assert.equal(record.outcome === 'dead' && record.detail, said.message);
  });

  test('is dead with what is missing when there is no notifier', () => {
    const record = unsendableRecord(first, 'mail is not configured');
    assert.deepEqual(record, {
      notification: first,
      history: [],
      outcome: 'dead',
      reason: 'unknown_type',
      detail: 'mail is not configured',
    });
  });
});

describe('the outcome for a method that asks for repeats', () => {
  const alarm = alarmWith();
  const method = { ...first.method, periodMs: 60_000 };
  const told = { ...first, alarm, method };
  const repeat = { ...told, repeat: 3, dueAtMs: 180_000 };
  const next = { topic: 'minutes', dueAtMs: 240_000 };

  test('names the next repeat when it was sent, the first time or another', () => {
    assert.deepEqual(sentRecord(told, receipt, 1_000, policies).nextRepeat, { topic: 'minutes', dueAtMs: 61_000 });
    assert.deepEqual(sentRecord(repeat, receipt, 180_500, policies).nextRepeat, next);
  });

  test('is the next repeat, no sooner than the send was put off to, when a breaker is open', () => {
    const until = { notBeforeMs: 400_000, detail: 'put off' };
    const record = putOffRecord(repeat, until, 180_500, policies);
    assert.deepEqual([record.outcome, record.nextRepeat?.dueAtMs], ['retrying', 480_000]);
    assert.equal(record.notification.putOffCount, undefined);
  });

  test('is a retry like any other while the first telling fails', () => {
    const record = failedRecord(told, passing, 1_000, policies);
    assert.deepEqual([record.outcome, record.nextRepeat], ['retrying', undefined]);
  });

  test('of a repeat that failed waits for the next repeat, and is not tried in between', () => {
    const record = failedRecord(repeat, passing, 181_000, policies);
    assert.equal(record.outcome, 'retrying');
    assert.deepEqual([record.nextRepeat, record.outcome === 'retrying' && record.notBeforeMs], [next, 240_000]);
    assert.deepEqual(record.history, [{ attempt: 1, atMs: 181_000, failure: 'server_error' }]);
  });

  test('ends the repeats when the receiver refuses one for good, or when there is no next one', () => {
    const refused = new DeliveryError('no', { failure: 'rejected', retriable: false });
    const record = failedRecord(repeat, refused, 181_000, policies);
    assert.deepEqual([record.outcome, record.nextRepeat], ['dead', undefined]);
    const unserved = { ...repeat, method: { ...method, periodMs: 90_000 } };
    const last = failedRecord(unserved, passing, 181_000, policies);
    assert.equal(last.outcome === 'dead' && last.reason, 'attempts_used_up');
  });
});
