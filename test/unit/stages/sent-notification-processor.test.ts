import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRawAlarm } from '../../../src/domain/codec.js';
import type { DeadLetter, SettledAlarm } from '../../../src/domain/outcome.js';
import { toParcel } from '../../../src/stages/kafka-consumer.js';
import { SentNotificationProcessor } from '../../../src/stages/sent-notification-processor.js';
import { settledThreeWays } from '../../support/outcome-samples.js';

const position = { topic: 'alarms', partition: 0, offset: 4n };
const never = new AbortController().signal;

function stage(publish: (alarm: SettledAlarm) => Promise<void> = async () => undefined) {
  const parked: DeadLetter[] = [];
  const publisher = { publish, close: async () => undefined };
  const deadLetters = { park: async (letter: DeadLetter) => void parked.push(letter) };
  return { stage: new SentNotificationProcessor(publisher, deadLetters), parked };
}

test('an alarm is finished as recorded once its records are acknowledged, not before', async () => {
  let acknowledge = () => {};
  const acknowledged = new Promise<void>((resolve) => {
    acknowledge = resolve;
  });
  const { stage: processor } = stage(() => acknowledged);
  let outcome: unknown;
  const processing = processor.process(settledThreeWays(position), never).then((result) => {
    outcome = result;
  });
  await Promise.resolve();
  assert.equal(outcome, undefined);
  acknowledge();
  await processing;
  assert.deepEqual(outcome, { kind: 'finish', reason: 'recorded' });
});

test('a publish that fails is no outcome', async () => {
  const { stage: processor } = stage(async () => {
    throw new Error('refused');
  });
  await assert.rejects(processor.process(settledThreeWays(position), never));
});

test('a quarantined item is parked with the bytes that were read, unopened', async () => {
  const { stage: processor, parked } = stage();
  const value = Buffer.from('{"alarm-transitioned": {"poison": true}}');
  const payload = encodeRawAlarm({ position, value, recordedAtMs: 1 });
  assert.deepEqual(await processor.quarantine(position, payload, never), { kind: 'finish', reason: 'quarantined' });
  assert.equal(parked[0]?.reason, 'killed_workers');
  assert.deepEqual(parked[0]?.position, position);
  assert.equal(Buffer.from(parked[0]?.raw ?? []).toString(), value.toString());
});

test('a message becomes a parcel with its position and the key of its alarm', () => {
  const value = Buffer.from('{"alarm-transitioned": {"alarmId": "a1"}}');
  const parcel = toParcel({ position, value, recordedAtMs: 7 });
  assert.deepEqual(parcel, { position, orderKey: 'a1', payload: encodeRawAlarm({ position, value, recordedAtMs: 7 }) });
  const unreadable = toParcel({ position, value: Buffer.from([0xff]), recordedAtMs: 7 });
  assert.equal(unreadable.orderKey, 'alarms/0@4');
});

test('a replayed item that kills again is parked under its first place', async () => {
  const { stage: processor, parked } = stage();
  const replay = { source: { ...position, offset: 1n }, reason: 'killed_workers' } as const;
  const payload = encodeRawAlarm({ position, value: Buffer.from('{}'), recordedAtMs: 1, replay });
  await processor.quarantine(position, payload, never);
  assert.deepEqual(parked[0]?.position, replay.source);
});
