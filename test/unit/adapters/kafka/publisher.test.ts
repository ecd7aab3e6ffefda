import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaDeadLetters } from '../../../../src/adapters/kafka/dead-letters.js';
import type { RecordWriter } from '../../../../src/adapters/kafka/durable-write.js';
import type { OutgoingRecord } from '../../../../src/adapters/kafka/producer.js';
import { KafkaPublisher } from '../../../../src/adapters/kafka/publisher.js';
import { EngineError, givenUp } from '../../../../src/domain/errors.js';
import { notificationId } from '../../../../src/domain/notification.js';
import { publisherContract } from '../../../contract/publisher.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';
import { sampleNotification, settledThreeWays } from '../../../support/outcome-samples.js';

const topics = { notificationTopic: 'sent', notificationRetryTopic: 'retry', deadLetterTopic: 'dead' };
const never = new AbortController().signal;
const position = { topic: 'alarms', partition: 1, offset: 5n };

/** Keeps what is published; a topic may have a limit, as brokers have one. */
class MemoryWriter implements RecordWriter {
  readonly written: { topic: string; record: OutgoingRecord }[] = [];
  readonly #limits: Readonly<Record<string, number>>;

  constructor(limits: Readonly<Record<string, number>> = {}) {
    this.#limits = limits;
  }

  async publish(topic: string, record: OutgoingRecord, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw givenUp('given up');
    if (record.value.length > (this.#limits[topic] ?? Number.POSITIVE_INFINITY)) {
      throw new EngineError('RECORD_REFUSED', 'too large', { retriable: false });
    }
    this.written.push({ topic, record });
  }

  of(topic: string) {
    const records = this.written.filter((each) => each.topic === topic).map(({ record }) => record);
    return records.map(({ key, value, headers }) => ({ key, value: String(value), headers }));
  }

  async close(): Promise<void> {}
}

publisherContract('KafkaPublisher on a writer in memory', async () => {
  const writer = new MemoryWriter();
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
  return {
    publisher,
    sent: async () => writer.of('sent'),
    retrying: async () => writer.of('retry'),
    dead: async () => writer.of('dead'),
  };
});

test('superseded, expired and digested outcomes go to the notification topic', async () => {
  const writer = new MemoryWriter();
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
  const common = { notification: sampleNotification(position), history: [] };
  await publisher.publish(
    {
      position,
      records: [
        { ...common, outcome: 'superseded', by: undefined },
        { ...common, outcome: 'expired' },
        { ...common, outcome: 'digested' },
      ],
    },
    never,
  );
  assert.equal(writer.of('sent').length, 3);
});

test('dead outcomes and parked letters are counted by reason', async () => {
  const [writer, telemetry] = [new MemoryWriter(), new RecordingTelemetry()];
  await new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry }).publish(settledThreeWays(position), never);
  const letter = { position, reason: 'malformed', raw: Buffer.from('{'), detail: 'no JSON' } as const;
  await new KafkaDeadLetters(writer, 'dead', { instance: 'h-1-0', telemetry }).park(letter, never);
  assert.equal(telemetry.counts.get('dead_letters_total refused'), 1);
  assert.equal(telemetry.counts.get('dead_letters_total malformed'), 1);
});

test('a record that its topic refuses is parked shortened, with its key and its source position', async () => {
  const [writer, telemetry] = [new MemoryWriter({ sent: 2_000 }), new RecordingTelemetry()];
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry });
  const notification = sampleNotification(position, 'm1', 'x'.repeat(5_000));
  await publisher.publish(
    { position, records: [{ outcome: 'sent', notification, history: [], sentAtMs: 1, remoteId: undefined }] },
    never,
  );
  const [parked] = writer.of('dead');
  assert.equal(parked?.key, notification.id);
  assert.equal(parked?.headers['notification-shortened'], 'sent');
  const value = JSON.parse(parked?.value ?? '') as Record<string, unknown>;
  assert.equal(value.source_offset, '5');
  assert.equal(value.shortened, true);
  assert.equal(telemetry.named('record_refused').length, 1);
});

test('what even the dead-letter topic refuses is an error, not a silence', async () => {
  const writer = new MemoryWriter({ sent: 1, dead: 1 });
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
  await assert.rejects(publisher.publish(settledThreeWays(position), never), { code: 'RECORD_REFUSED' });
});

test('what is to be repeated is recorded, and waits on the topic of its period under one key per alarm and method', async () => {
  const writer = new MemoryWriter();
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
  const first = sampleNotification(position);
  const second = { ...first, repeat: 1, id: notificationId(position, first.method.id, 1) };
  const nextRepeat = { topic: 'minutes', dueAtMs: 61_000 };
  const common = { history: [], outcome: 'sent', sentAtMs: 1_000, remoteId: undefined, nextRepeat } as const;
  for (const notification of [first, second])
    await publisher.publish({ position, records: [{ ...common, notification }] }, never);
  const [sent, waiting] = [writer.of('sent'), writer.of('minutes')];
  const field = (record: { readonly value: string }, key: string): unknown => JSON.parse(record.value)[key];
  assert.deepEqual(
    sent.map((record) => [record.key, field(record, 'not_before')]),
    [
      [first.id, null],
      [second.id, null],
    ],
  );
  assert.deepEqual(
    waiting.map((record) => [field(record, 'notification_id'), field(record, 'not_before'), field(record, 'repeat')]),
    [
      [first.id, 61_000, 0],
      [second.id, 61_000, 1],
    ],
  );
  assert.equal(waiting[0]?.key, waiting[1]?.key);
});

test('a repeat that failed waits for the next one on the topic of its period, not among the retries', async () => {
  const writer = new MemoryWriter();
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
  const notification = { ...sampleNotification(position), repeat: 2 };
  const nextRepeat = { topic: 'minutes', dueAtMs: 61_000 };
  const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 61_000, detail: 'busy' } as const;
  await publisher.publish({ position, records: [{ ...record, nextRepeat }] }, never);
  assert.deepEqual(
    writer.written.map(({ topic }) => topic),
    ['minutes'],
  );
});
