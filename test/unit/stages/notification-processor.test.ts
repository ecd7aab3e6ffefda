import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { DeliveryError } from '../../../src/domain/errors.js';
import type { Notification, NotificationGroup, Verdict } from '../../../src/domain/notification.js';
import { repeatPolicy } from '../../../src/periodic/repeat-policy.js';
import { retryPolicy } from '../../../src/retry/retry-policy.js';
import { NotificationProcessor } from '../../../src/stages/notification-processor.js';
import { hang, receipt } from '../../support/fakes/fake-notifier.js';
import { gateBench } from '../../support/gate-bench.js';
import { aNotification, anAlarm } from '../../support/notifications.js';

const never = new AbortController().signal;

function aProcessor() {
  const { gate, clock, telemetry, lease, notifier } = gateBench({ concurrencyPerDestination: 8 });
  const processor = new NotificationProcessor({
    notifiers: { open: new Map([['webhook', notifier]]), unconfigured: new Map([['email', 'email.server missing']]) },
    gate,
    policies: {
      retry: retryPolicy({ baseMs: 30_000, capMs: 3_600_000, maxAttempts: 5 }, () => 1),
      repeat: repeatPolicy([], telemetry),
    },
    clock,
    telemetry,
  });
  return { processor, notifier, lease, telemetry, clock };
}

function groupOf(...types: readonly [string, ...string[]]): NotificationGroup {
  const alarm = anAlarm();
  const one = (type: string): Notification => aNotification(type, `${type}.example/secret-path`, { alarm });
  const [first, ...rest] = types;
  return { position: alarm.position, notifications: [one(first), ...rest.map(one)] };
}

async function recordsOf(processor: NotificationProcessor, group: NotificationGroup, signal = never) {
  const outcome = await processor.process(group, signal);
  assert.ok(outcome.kind === 'forward');
  assert.deepEqual(outcome.item.position, group.position);
  return outcome.item.records;
}

describe('the notification processor', () => {
  test('records what was decided before, and sends nothing for it', async () => {
    const { processor, notifier, telemetry } = aProcessor();
    const history = [{ attempt: 1, atMs: 5, failure: 'timed_out' as const }];
    const [notification] = groupOf('webhook').notifications;
    const by = { topic: 't', partition: 0, offset: 9n };
    const decided = (verdict: Verdict) => ({ ...notification, attempt: 2, history, verdict });
    const gone = { outcome: 'dead', reason: 'method_gone', detail: 'deleted' } as const;
    const group: NotificationGroup = {
      position: notification.position,
      notifications: [decided({ outcome: 'expired' }), decided({ outcome: 'superseded', by }), decided(gone)],
    };
    const records = await recordsOf(processor, group);
    assert.deepEqual(
      records.map(({ notification: of, ...rest }) => [of.attempt, rest]),
      [
        [2, { history, outcome: 'expired' }],
        [2, { history, outcome: 'superseded', by }],
        [2, { history, ...gone }],
      ],
    );
    assert.equal(notifier.sent.length, 0);
    assert.equal(telemetry.counts.get('notifications_total webhook superseded'), 1);
  });

  test('gives one record per method, in order, whatever becomes of the others', async () => {
    const { processor, notifier, telemetry, clock } = aProcessor();
    const refusal = new DeliveryError('no', { failure: 'rejected', retriable: false });
    let sendCount = 0;
    notifier.react = async () => {
      sendCount += 1;
      if (sendCount === 2) throw refusal;
      return receipt;
    };
    const records = await recordsOf(processor, groupOf('webhook', 'webhook', 'email', 'hipchat'));
    assert.deepEqual(
      records.map((record) => [record.outcome, record.outcome === 'dead' ? `${record.reason}: ${record.detail}` : '']),
      [
        ['sent', ''],
        ['dead', 'refused: no'],
        ['dead', 'unknown_type: email.server missing'],
        ['dead', 'unknown_type: no notifier of this type is enabled'],
      ],
    );
    assert.deepEqual(records[0].outcome === 'sent' && [records[0].sentAtMs, records[0].remoteId], [
      clock.nowMs(),
      'their-id',
    ]);
    assert.deepEqual(
      [...telemetry.counts],
      [
        ['notifications_total email dead', 1],
        ['notifications_total unknown dead', 1],
        ['notifications_total webhook sent', 1],
        ['notifications_total webhook dead', 1],
      ],
    );
  });

  test('records as retrying what was put off, without an attempt and without a word in the history', async () => {
    const { processor, notifier, clock } = aProcessor();
    const down = new DeliveryError('nobody there', { failure: 'unreachable', retriable: true });
    notifier.react = () => Promise.reject(down);
    for (let at = 0; at < 5; at += 1) await recordsOf(processor, groupOf('webhook'));
    const [record] = await recordsOf(processor, groupOf('webhook'));
    assert.ok(record?.outcome === 'retrying');
    const { attempt, putOffCount } = record.notification;
    assert.deepEqual([attempt, putOffCount, record.history, notifier.sent.length], [1, 1, [], 5]);
    assert.equal(record.notBeforeMs - clock.nowMs(), 5000);
    // Put off five times it is tried, and what follows is counted anew.
    const overdue = { ...record.notification, putOffCount: 5 };
    const [tried] = await recordsOf(processor, { position: overdue.position, notifications: [overdue] });
    assert.deepEqual([tried?.history.length, tried?.notification.putOffCount], [1, undefined]);
  });

  test('counts what a person had sent again once, however often a breaker puts it off', async () => {
    const { processor, notifier, telemetry } = aProcessor();
    notifier.react = () => Promise.reject(new DeliveryError('away', { failure: 'unreachable', retriable: true }));
    for (let at = 0; at < 5; at += 1) await recordsOf(processor, groupOf('webhook'));
    const [notification] = groupOf('webhook').notifications;
    let next: Notification = { ...notification, replay: { atMs: 9, reason: 'refused' } };
    for (let count = 1; count <= 6; count += 1) {
      const [record] = await recordsOf(processor, { position: next.position, notifications: [next] });
      assert.equal(record?.outcome, 'retrying');
      assert.deepEqual(record?.notification.replay, { atMs: 9, reason: 'refused' });
      next = record?.notification ?? next;
    }
    // The sixth time it was tried.
    assert.equal(next.putOffCount, undefined);
    assert.equal(telemetry.counts.get('dead_letters_replayed_total refused'), 1);
  });

  test('sends the methods of one alarm side by side', async () => {
    const { processor, notifier } = aProcessor();
    notifier.react = async () => {
      while (notifier.mostSendingCount < 3) await new Promise(setImmediate);
      return receipt;
    };
    assert.equal((await recordsOf(processor, groupOf('webhook', 'webhook', 'webhook'))).length, 3);
  });

  test('logs position and notification id of each, and never an address', async () => {
    const { processor, telemetry } = aProcessor();
    const group = groupOf('webhook', 'hipchat');
    await recordsOf(processor, group);
    const lines = telemetry.named('notification_settled');
    assert.equal(lines.length, 2);
    for (const line of lines) {
      assert.deepEqual([line.topic, line.partition, line.offset], ['alarm-state-transitions', 3, 812n]);
      assert.equal(line.notification_id, group.notifications[0].id);
      assert.ok(!inspect(line).includes('secret-path'));
    }
  });

  test('rejects without an outcome when the term ends, once every send has ended', async () => {
    const { processor, notifier, telemetry } = aProcessor();
    notifier.react = hang;
    const giveUp = new AbortController();
    const processing = processor.process(groupOf('webhook', 'webhook'), giveUp.signal);
    await new Promise(setImmediate);
    assert.equal(notifier.sendingCount, 2);
    giveUp.abort();
    await assert.rejects(processing, { code: 'ABORTED' });
    assert.equal(notifier.sendingCount, 0);
    assert.equal(telemetry.counts.size, 0);
  });

  test('sends again under the next lease what the end of a lease cut off', async () => {
    const { processor, notifier, lease } = aProcessor();
    notifier.react = hang;
    const processing = recordsOf(processor, groupOf('webhook'));
    await new Promise(setImmediate);
    lease.end();
    await new Promise(setImmediate);
    notifier.react = async () => receipt;
    lease.begin();
    assert.equal((await processing)[0].outcome, 'sent');
    assert.equal(notifier.sent.length, 2);
  });

  test('closes its notifiers', async () => {
    const { processor, notifier } = aProcessor();
    await processor.close();
    assert.equal(notifier.isClosed, true);
  });
});
