import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeNotificationGroup,
  decodeRawAlarm,
  decodeSettledAlarm,
  encodeNotificationGroup,
  encodeRawAlarm,
  encodeSettledAlarm,
  messageOfPayload,
} from '../../../src/domain/codec.js';
import { deliveryFailures } from '../../../src/domain/errors.js';
import { type Notification, notificationId, type Verdict } from '../../../src/domain/notification.js';
import { deadReasons, type OutcomeRecord } from '../../../src/domain/outcome.js';
import { Secret } from '../../../src/domain/secret.js';
import { alarmFields, alarmWith, rawMessage, somewhere } from '../../support/alarms.js';

/** Objects as code makes them: fast-check would mix in some without a prototype, which a strict comparison tells apart. */
function plainRecord<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const positions = plainRecord({
  topic: fc.string({ minLength: 1, maxLength: 20 }),
  partition: fc.nat(),
  offset: fc.bigInt({ min: 0n, max: 0x7fff_ffff_ffff_ffffn }),
});
const methods = plainRecord({
  id: fc.string(),
  name: fc.string({ unit: 'binary' }),
  type: fc.string(),
  address: fc.string({ unit: 'binary' }).map((text) => new Secret(text)),
  periodMs: fc.nat(),
});
const alarms = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 30 }), fc.jsonValue(), positions)
  .map(([stateChangeReason, extra, at]) => alarmWith({ stateChangeReason, extra }, at));

const verdicts: fc.Arbitrary<Verdict | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constant({ outcome: 'expired' as const }),
  plainRecord({ outcome: fc.constant('superseded' as const), by: fc.option(positions, { nil: undefined }) }),
  plainRecord({ outcome: fc.constant('superseded' as const), by: fc.constant(undefined), detail: fc.string() }),
  plainRecord({
    outcome: fc.constant('dead' as const),
    reason: fc.constant('method_gone' as const),
    detail: fc.string(),
  }),
);

function notificationsOf(at = somewhere): fc.Arbitrary<[Notification, ...Notification[]]> {
  const maybe = fc.option(fc.nat(), { nil: undefined });
  const parts = plainRecord({
    ...{ method: methods, attempt: fc.nat(), repeat: fc.nat(), verdict: verdicts },
    ...{ dueAtMs: maybe, putOff: maybe },
  });
  return fc.tuple(alarms, fc.array(parts, { minLength: 1, maxLength: 4 })).map(([alarm, list]) => {
    const made = list.map(({ verdict, dueAtMs, putOff, ...part }): Notification => {
      const decided = {
        ...(verdict === undefined ? {} : { verdict }),
        ...(dueAtMs === undefined ? {} : { dueAtMs }),
      };
      return {
        ...part,
        ...decided,
        ...(putOff === undefined ? {} : { putOffCount: putOff }),
        alarm,
        position: at,
        id: notificationId(alarm.position, part.method.id, part.repeat),
      };
    });
    return made as [Notification, ...Notification[]];
  });
}

const history = fc.array(
  plainRecord({ attempt: fc.nat(), atMs: fc.nat(), failure: fc.constantFrom(...deliveryFailures) }),
);
const endings = fc.oneof(
  plainRecord({
    outcome: fc.constant('sent' as const),
    sentAtMs: fc.nat(),
    remoteId: fc.option(fc.string(), { nil: undefined }),
  }),
  plainRecord({
    outcome: fc.constant('sent' as const),
    ...{ sentAtMs: fc.nat(), remoteId: fc.string() },
    nextRepeat: plainRecord({ topic: fc.string(), dueAtMs: fc.nat() }),
  }),
  plainRecord({ outcome: fc.constant('retrying' as const), notBeforeMs: fc.nat(), detail: fc.string() }),
  plainRecord({ outcome: fc.constant('dead' as const), reason: fc.constantFrom(...deadReasons), detail: fc.string() }),
  plainRecord({ outcome: fc.constant('superseded' as const), by: fc.option(positions, { nil: undefined }) }),
  plainRecord({ outcome: fc.constantFrom('expired' as const, 'digested' as const) }),
);

/** Secrets compare by what they hold. */
function revealed(notification: Notification): unknown {
  return { ...notification, method: { ...notification.method, address: notification.method.address.reveal() } };
}

test('brings any message through as it was read', () => {
  const values = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.string({ unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
    fc.constantFrom(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b]), new Uint8Array([0xff]), new Uint8Array()),
  );
  fc.assert(
    fc.property(values, fc.nat(), (value, recordedAtMs) => {
      const item = rawMessage(value, somewhere, recordedAtMs);
      const payload = encodeRawAlarm(item);
      const { value: found, ...rest } = decodeRawAlarm(somewhere, payload);
      assert.deepEqual(Buffer.from(found), Buffer.from(value));
      assert.deepEqual(rest, { position: somewhere, recordedAtMs });
      assert.deepEqual(Buffer.from(messageOfPayload(payload)), Buffer.from(value));
    }),
  );
});

test('brings any group through, with its alarm and its addresses', () => {
  fc.assert(
    fc.property(notificationsOf(), (notifications) => {
      const payload = encodeNotificationGroup({ position: somewhere, notifications });
      const found = decodeNotificationGroup(somewhere, payload);
      assert.deepEqual(found.notifications.map(revealed), notifications.map(revealed));
      assert.deepEqual(found.position, somewhere);
    }),
  );
});

test('brings any settled alarm through, whatever the outcomes', () => {
  fc.assert(
    fc.property(notificationsOf(), fc.array(endings, { minLength: 4, maxLength: 4 }), history, (group, ends, past) => {
      const records = group.map((notification, index) => ({ ...ends[index], notification, history: past }));
      const item = { position: somewhere, records: records as unknown as [OutcomeRecord, ...OutcomeRecord[]] };
      const found = decodeSettledAlarm(somewhere, encodeSettledAlarm(item));
      const plain = (record: OutcomeRecord) => ({ ...record, notification: revealed(record.notification) });
      assert.deepEqual(found.records.map(plain), item.records.map(plain));
    }),
  );
});

test('writes the alarm once, however many methods it has', () => {
  const alarm = alarmWith({ stateChangeReason: 'only-once' });
  const method = { id: 'm', name: 'n', type: 'email', address: new Secret('a@b.c'), periodMs: 0 };
  const one = { position: somewhere, alarm, method, attempt: 1, repeat: 0, id: notificationId(somewhere, 'm') };
  const payload = encodeNotificationGroup({ position: somewhere, notifications: [one, one, one] });
  assert.equal(payload.split('only-once').length, 2);
});

test('gives the message behind any payload without parsing it, and no address with it', () => {
  const alarm = alarmWith();
  const method = { id: 'm', name: 'n', type: 'email', address: new Secret('canary@b.c'), periodMs: 0 };
  const one = { position: somewhere, alarm, method, attempt: 1, repeat: 0, id: notificationId(somewhere, 'm') };
  const text = Buffer.from(
    messageOfPayload(encodeNotificationGroup({ position: somewhere, notifications: [one] })),
  ).toString();
  assert.deepEqual(JSON.parse(text), { 'alarm-transitioned': alarmFields() });
  assert.doesNotMatch(text, /canary/);
  for (const nonsense of ['', 'x', '\n', 'g']) assert.ok(messageOfPayload(nonsense) instanceof Uint8Array);
});

test('refuses a payload that is none', () => {
  for (const payload of ['', 'g', 'g{}\n{}', 'g{"items":[]}\n{}', 's[\n', 'z1\n{}', 'g{"items":[{}]}\n{"canary":1}']) {
    for (const decode of [decodeRawAlarm, decodeNotificationGroup, decodeSettledAlarm]) {
      assert.throws(
        () => decode(somewhere, payload),
        (error: Error) => !error.message.includes('canary'),
      );
    }
  }
});
