import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alarm, RawAlarm } from '../../../src/domain/alarm.js';
import type { Notification, NotificationGroup, NotificationMethod } from '../../../src/domain/notification.js';
import type { FinishedAlarm, OutcomeRecord, StageOutcome } from '../../../src/domain/outcome.js';
import { type AlarmPosition, parseOffset } from '../../../src/domain/position.js';
import { Secret } from '../../../src/domain/secret.js';
import type { QueueItems } from '../../../src/ports/flow.js';
import type { Commit, OffsetStore } from '../../../src/ports/progress.js';
import type { Telemetry } from '../../../src/telemetry/telemetry.js';

/** Each function holds what must not compile. The compiler refuses this file as soon as one of them does. */
type Refused = (given: {
  position: AlarmPosition;
  group: NotificationGroup;
  notification: Notification;
  alarm: Alarm;
  commit: Commit;
  store: OffsetStore;
  telemetry: Telemetry;
}) => unknown;

const refused: Readonly<Record<string, Refused>> = {
  'a group of notifications on the queue of raw alarms': ({ group }): QueueItems['alarms'] =>
    // @ts-expect-error
    group,
  'a parsed alarm where bytes are expected': ({ alarm }): RawAlarm =>
    // @ts-expect-error
    alarm,
  'an empty group': ({ position }): NotificationGroup => ({
    position,
    // @ts-expect-error
    notifications: [],
  }),
  'a finish without a reason': ({ position }): FinishedAlarm =>
    // @ts-expect-error
    ({ position }),
  'a stage that neither forwards nor finishes': (): StageOutcome<Alarm> =>
    // @ts-expect-error
    ({ kind: 'drop' }),
  'a reason that is not in the list': ({ position }): FinishedAlarm => ({
    position,
    // @ts-expect-error
    reason: 'forgotten',
  }),
  'a dead notification without a reason': ({ notification }): OutcomeRecord =>
    // @ts-expect-error
    ({ notification, history: [], outcome: 'dead', detail: '' }),
  'a commit without a fence': ({ store, commit }) =>
    // @ts-expect-error
    store.save([commit]),
  'a secret as text': ({ notification }): string =>
    // @ts-expect-error
    notification.method.address,
  'text as a secret': ({ notification }): NotificationMethod => ({
    ...notification.method,
    // @ts-expect-error
    address: 'https://hooks.example.com/token',
  }),
  'a number as an offset': (): AlarmPosition => ({
    topic: 't',
    partition: 0,
    // @ts-expect-error
    offset: 812,
  }),
  'any text as a notification id': ({ notification }): Notification => ({
    ...notification,
    // @ts-expect-error
    id: 'n1',
  }),
  'an event that nobody explained': ({ telemetry }) =>
    // @ts-expect-error
    telemetry.event('something_happened'),
  'a histogram that is counted': ({ telemetry }) =>
    // @ts-expect-error
    telemetry.count('send_seconds'),
  'a change to a position': ({ position }) => {
    // @ts-expect-error
    position.offset = 1n;
  },
};

describe('the compiler refuses', () => {
  for (const [what, code] of Object.entries(refused)) {
    it(what, () => assert.equal(typeof code, 'function'));
  }
});

describe('shapes at run time', () => {
  it('read an offset from decimal text only', () => {
    assert.equal(parseOffset('9223372036854775807'), 9223372036854775807n);
    for (const text of ['', '-1', '1.0', ' 1', '1e3', '0x1', '01', '9223372036854775808']) {
      assert.throws(() => parseOffset(text), RangeError, text);
    }
  });

  it('print a secret as nothing but <redacted>', () => {
    const secret = new Secret('canary-7f3a');
    assert.deepEqual([`${secret}`, JSON.stringify(secret), Object.keys(secret)], ['<redacted>', '"<redacted>"', []]);
  });
});
