import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, test } from 'node:test';
import { KafkaDeadLetters } from '../../../../src/adapters/kafka/dead-letters.js';
import type { RecordWriter } from '../../../../src/adapters/kafka/durable-write.js';
import type { OutgoingRecord } from '../../../../src/adapters/kafka/producer.js';
import { KafkaPublisher } from '../../../../src/adapters/kafka/publisher.js';
import { EngineError, givenUp } from '../../../../src/domain/errors.js';
import { notificationId } from '../../../../src/domain/notification.js';
import type { SettledAlarm } from '../../../../src/domain/outcome.js';
import { encodeOutcomeRecord } from '../../../../src/domain/outcome-record.js';
import { parseOutcomeRecord } from '../../../../src/domain/parse-outcome-record.js';
import { replayOfOutcome } from '../../../../src/domain/replay.js';
import { publisherContract } from '../../../contract/publisher.js';
import { alarmWith } from '../../../support/alarms.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';
import { sampleNotification, settledThreeWays } from '../../../support/outcome-samples.js';

const topics = { notificationTopic: 'sent', notificationRetryTopic: 'retry', deadLetterTopic: 'dead' };
const never = new AbortController().signal;
setMaxListeners(0, never);
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

/** Keeps records under way until they are acknowledged one by one. */
class SlowWriter implements RecordWriter {
  readonly keys: string[] = [];
  mostBytes = 0;
  #bytes = 0;
  readonly #open = new Set<(error?: EngineError) => void>();

  publish(_topic: string, { key, value }: OutgoingRecord, signal: AbortSignal): Promise<void> {
    this.keys.push(key);
    this.#bytes += value.length;
    this.mostBytes = Math.max(this.mostBytes, this.#bytes);
    return new Promise((resolve, reject) => {
      const end = (error?: EngineError) => {
        if (!this.#open.delete(end)) return;
        this.#bytes -= value.length;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#open.add(end);
      signal.addEventListener('abort', () => end(new EngineError('ABORTED', 'given up', { retriable: true })));
    });
  }

  /** The oldest one. */
  async acknowledge(error?: EngineError): Promise<void> {
    const [oldest] = this.#open;
    assert.ok(oldest !== undefined, 'nothing is under way');
    oldest(error);
    await this.settle();
  }

  /** Whoever was woken has gone on. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
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

test('what was to wait on a topic that refuses it is dead: counted, readable, and enough of it is left for a replay', async () => {
  const [writer, telemetry] = [new MemoryWriter({ retry: 2_000, minutes: 2_000 }), new RecordingTelemetry()];
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry });
  const alarm = alarmWith({ alarmDescription: '\u0001'.repeat(5_000) }, position);
  const notification = { ...sampleNotification(position), alarm };
  const waiting = { notification, history: [], outcome: 'retrying', notBeforeMs: 9, detail: 'status 503' } as const;
  const nextRepeat = { topic: 'minutes', dueAtMs: 61_000 };
  await publisher.publish({ position, records: [waiting, { ...waiting, nextRepeat }] }, never);
  assert.equal(telemetry.counts.get('dead_letters_total refused'), 2);
  for (const [at, topic] of ['retry', 'minutes'].entries()) {
    const { key, value, headers } = writer.of('dead')[at] ?? assert.fail();
    assert.deepEqual([key, headers], [notification.id, { 'notification-outcome': 'dead', 'notification-schema': '1' }]);
    assert.ok(value.length < 4_000, `${value.length} bytes`);
    const read = parseOutcomeRecord(Buffer.from(value), headers, { topic: 'dead', partition: 0, offset: 0n });
    assert.ok(read.kind === 'outcome');
    assert.deepEqual([read.outcome, read.reason, read.notBeforeMs], ['dead', 'refused', undefined]);
    assert.match(read.detail ?? '', new RegExp(`^topic ${topic} refused .*max.message.bytes.*503`));
    assert.deepEqual(read.notification.method, notification.method);
    assert.deepEqual([read.notification.alarm.alarmId, read.notification.alarm.position], [alarm.alarmId, position]);
    const again = encodeOutcomeRecord(replayOfOutcome(read, 'refused', 5), 'h-1-0');
    assert.ok(again.value.length < 4_000);
  }
});

test('a dead letter that its topic refuses whole is parked with all that a replay needs', async () => {
  const [writer, telemetry] = [new MemoryWriter({ dead: 4_000 }), new RecordingTelemetry()];
  const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry });
  const alarm = alarmWith({ alarmDescription: 'x'.repeat(5_000) }, position);
  const notification = { ...sampleNotification(position), alarm };
  const record = { notification, history: [], outcome: 'dead', reason: 'bad_method', detail: 'no such user' } as const;
  await publisher.publish({ position, records: [record] }, never);
  assert.deepEqual([...telemetry.counts], [['dead_letters_total bad_method', 1]]);
  const { value, headers } = writer.of('dead')[0] ?? assert.fail();
  const read = parseOutcomeRecord(Buffer.from(value), headers, { topic: 'dead', partition: 0, offset: 0n });
  assert.deepEqual([read.outcome, read.reason, read.detail], ['dead', 'bad_method', 'no such user']);
});

describe('the records of an alarm of 900 kB with many methods', () => {
  const alarm = alarmWith({ alarmDescription: 'x'.repeat(900_000) }, position);
  const largeAlarm = (count: number): SettledAlarm => {
    const of = (at: number) => ({ ...sampleNotification(position, `m${at}`), alarm });
    const sent = { history: [], outcome: 'sent', sentAtMs: 1, remoteId: undefined } as const;
    const [first, ...rest] = Array.from({ length: count }, (_, at) => ({ ...sent, notification: of(at) }));
    return { position, records: [first ?? assert.fail(), ...rest] };
  };

  test('are encoded as others are acknowledged: 17 MB at a time, of all alarms together, and in their order', async () => {
    const writer = new SlowWriter();
    const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
    let endedCount = 0;
    const publishing = [60, 60].map(async (count) => {
      await publisher.publish(largeAlarm(count), never);
      endedCount += 1;
    });
    await writer.settle();
    assert.ok(writer.mostBytes < 17_800_000, `${writer.mostBytes} bytes under way at once`);
    for (let count = 0; count < 119; count += 1) await writer.acknowledge();
    assert.ok(endedCount < 2, 'an alarm had ended before its last record was acknowledged');
    await writer.acknowledge();
    await Promise.all(publishing);
    assert.equal(writer.keys.length, 120);
    assert.ok(writer.mostBytes < 17_800_000, `${writer.mostBytes} bytes under way at once`);
    const wanted = largeAlarm(60).records.map(({ notification }) => notification.id);
    const isFirst = (key: string, at: number) => writer.keys.indexOf(key) === at;
    assert.deepEqual(writer.keys.filter(isFirst), wanted);
    assert.deepEqual(
      writer.keys.filter((key, at) => !isFirst(key, at)),
      wanted,
    );
  });

  test('are given up while they wait for room, and end with the first that fails', async () => {
    const writer = new SlowWriter();
    const publisher = new KafkaPublisher(writer, topics, { instance: 'h-1-0', telemetry: new RecordingTelemetry() });
    const giveUp = new AbortController();
    setMaxListeners(0, giveUp.signal);
    const givenUp = publisher.publish(largeAlarm(60), giveUp.signal);
    await writer.settle();
    giveUp.abort();
    await assert.rejects(givenUp, { code: 'ABORTED' });
    const failing = publisher.publish(largeAlarm(60), never);
    await writer.settle();
    const lost = new EngineError('RIGHT_MISSING', 'no right', { retriable: false });
    const rejected = assert.rejects(failing, lost);
    for (let count = 0; count < 60; count += 1) await writer.acknowledge(count === 3 ? lost : undefined);
    await rejected;
  });
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
