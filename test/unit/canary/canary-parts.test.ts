import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CanaryDirectory } from '../../../src/canary/canary-directory.js';
import { canaryMessage } from '../../../src/canary/canary-message.js';
import { canarySink } from '../../../src/canary/canary-sink.js';
import { measuringCanaries } from '../../../src/canary/round-trips.js';
import type { Alarm } from '../../../src/domain/alarm.js';
import { canaryMethod, canaryTenantId, canaryType } from '../../../src/domain/canary.js';
import { DeliveryError, EngineError } from '../../../src/domain/errors.js';
import type { Notification } from '../../../src/domain/notification.js';
import type { OutcomeRecord, SettledAlarm } from '../../../src/domain/outcome.js';
import { readAlarm } from '../../../src/domain/parse-alarm.js';
import { registerPlugins } from '../../../src/notifiers/registry.js';
import { webhookPlugin } from '../../../src/notifiers/webhook/plugin.js';
import { isRepeated } from '../../../src/periodic/repeat-policy.js';
import { rawMessage } from '../../support/alarms.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { FakeMethodDirectory } from '../../support/fakes/fake-method-directory.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';
import { aNotification, anAlarm } from '../../support/notifications.js';

const never = new AbortController().signal;
const atMs = 1_772_359_215_000;

function aCanary(changes: Partial<Alarm> = {}): Alarm {
  const { value } = canaryMessage({ instance: 'mon-1', version: '1' }, { atMs, sequence: atMs });
  return { ...readAlarm(rawMessage(value)).alarm, ...changes };
}

function toCanaries(alarm = aCanary()): Notification {
  return aNotification(canaryType, '', { alarm, method: canaryMethod });
}

describe('the message of a canary', () => {
  test('is an alarm that says that all is well, has no reason to be repeated, and names its writer', () => {
    const { value, key } = canaryMessage({ instance: 'mon-1', version: '1' }, { atMs, sequence: 7 });
    const { alarm, defaulted } = readAlarm(rawMessage(value));
    assert.deepEqual(defaulted, []);
    assert.equal(key, canaryTenantId);
    assert.equal(alarm.tenantId, canaryTenantId);
    assert.deepEqual([alarm.oldState, alarm.newState, alarm.severity], ['OK', 'OK', undefined]);
    assert.equal(alarm.changedAtMs, atMs);
    assert.equal(alarm.actionsEnabled, true);
    assert.deepEqual(alarm.event?.source, { type: 'canary', instance: 'mon-1', version: '1' });
    assert.equal(isRepeated(alarm), false);
  });

  test('is of the same alarm every time', () => {
    assert.deepEqual([aCanary().alarmId, aCanary().alarmDefinitionId], ['canary', 'canary']);
  });
});

describe('the directory around that of the tenants', () => {
  test('sends a canary to its sink and to nobody else, whatever the database says', async () => {
    const others = new FakeMethodDirectory();
    others.add({ id: 'm-1' }, ['canary', 'OK']);
    assert.equal((await others.methodsFor(aCanary(), never)).length, 1);
    assert.deepEqual(await new CanaryDirectory(others).methodsFor(aCanary(), never), [canaryMethod]);
    assert.deepEqual(await new CanaryDirectory(others).askedFor(aCanary(), never), {
      immediate: [canaryMethod],
      digest: [],
    });
  });

  test('lets a canary wait for a database that does not answer', async () => {
    const others = new FakeMethodDirectory();
    others.fail(1);
    await assert.rejects(new CanaryDirectory(others).methodsFor(aCanary(), never), EngineError);
  });

  test('changes nothing for the alarms of tenants', async () => {
    const others = new FakeMethodDirectory();
    others.add({ id: 'm-1' }, ['78ce7b53', 'ALARM']);
    const directory = new CanaryDirectory(others);
    assert.deepEqual(
      (await directory.methodsFor(anAlarm(), never)).map(({ id }) => id),
      ['m-1'],
    );
    assert.deepEqual(await directory.methodsFor(anAlarm({ alarmDefinitionId: 'other' }), never), []);
  });

  test('finds the sink again for a canary that was put off', async () => {
    const directory = new CanaryDirectory(new FakeMethodDirectory());
    assert.equal(await directory.methodById(canaryMethod.id, never), canaryMethod);
    assert.equal(await directory.methodById('m-1', never), undefined);
  });
});

describe('the sink', () => {
  test('takes a canary', async () => {
    assert.deepEqual(await canarySink.send(toCanaries(), never), { remoteId: undefined, wire: 'taken' });
  });

  for (const [what, notification] of [
    ['the method of a tenant that names its type', aNotification(canaryType, 'x')],
    ['an alarm of a tenant to its own method', toCanaries(anAlarm())],
    ['a canary to the method of a tenant', aNotification(canaryType, 'x', { alarm: aCanary() })],
  ] as const) {
    test(`refuses ${what} for good, so that nothing is lost in silence`, async () => {
      await assert.rejects(
        canarySink.send(notification, never),
        (error: unknown) => error instanceof DeliveryError && error.failure === 'bad_address' && !error.retriable,
      );
    });
  }

  test('leaves its type to no notifier of others', () => {
    assert.throws(() => registerPlugins([{ ...webhookPlugin, type: canaryType }]), /canary/);
  });
});

class ObservingTelemetry extends RecordingTelemetry {
  readonly observations: (readonly [name: string, seconds: number])[] = [];

  override observe(name: string, seconds: number): void {
    this.observations.push([name, seconds]);
  }
}

describe('the publisher that measures', () => {
  function bench() {
    const clock = new FakeClock();
    const telemetry = new ObservingTelemetry();
    const publish = async () => void (await clock.advance(250));
    const publisher = measuringCanaries({ publish, close: async () => {} }, { clock, telemetry });
    const settled = (notification: Notification, record: Partial<OutcomeRecord> = {}): SettledAlarm => {
      const sent = { notification, history: [], outcome: 'sent', sentAtMs: 0, remoteId: undefined, ...record };
      return { position: notification.position, records: [sent as OutcomeRecord] };
    };
    return { clock, telemetry, publisher, settled };
  }

  test('counts from the writing to the acknowledgement of the record', async () => {
    const { clock, telemetry, publisher, settled } = bench();
    const writtenAtMs = clock.nowMs() - 750;
    await publisher.publish(settled(toCanaries(aCanary({ changedAtMs: writtenAtMs }))), never);
    assert.deepEqual(telemetry.observations, [['canary_seconds', 1]]);
    assert.equal(telemetry.gauges.get('canary_timestamp_seconds'), writtenAtMs / 1000);
  });

  test('takes a time from ahead of its clock for now', async () => {
    const { clock, telemetry, publisher, settled } = bench();
    await publisher.publish(settled(toCanaries(aCanary({ changedAtMs: clock.nowMs() + 3_600_000 }))), never);
    assert.deepEqual(telemetry.observations, [['canary_seconds', 0]]);
    assert.equal(telemetry.gauges.get('canary_timestamp_seconds'), clock.nowMs() / 1000);
  });

  test('passes over the alarms of tenants, and canaries that did not get there', async () => {
    const { telemetry, publisher, settled } = bench();
    await publisher.publish(settled(aNotification('webhook', 'https://example.org')), never);
    const putOff = { outcome: 'retrying', notBeforeMs: 1, detail: 'not tried' } as const;
    await publisher.publish(settled(toCanaries(), putOff), never);
    assert.deepEqual(telemetry.observations, []);
  });
});
