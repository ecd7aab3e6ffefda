import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KafkaAlarmSource } from '../../src/adapters/kafka/alarm-source.js';
import type { SourceEvent } from '../../src/ports/flow.js';
import { alarmSourceContract } from '../contract/alarm-source.js';
import { KafkaLab, numbered } from '../support/kafka-lab.js';
import { ReadingSource } from '../support/reading-source.js';
import { waitFor } from '../support/wait-for.js';

let lab: KafkaLab;
const reading: ReadingSource[] = [];

function read(topics: readonly [string, ...string[]], windowCount?: number): ReadingSource {
  const source = new ReadingSource(lab.connection, topics, windowCount);
  reading.push(source);
  return source;
}

before(async () => {
  lab = await KafkaLab.start();
});

after(async () => {
  await Promise.all(reading.map((source) => source.stop()));
  await lab.stop();
});

alarmSourceContract('KafkaAlarmSource', async () => {
  const topic = await lab.topic({ partitions: 2 });
  const events: SourceEvent[] = [];
  const quiet = { onAnswered: () => undefined, onFailure: () => undefined };
  const source = new KafkaAlarmSource(
    { connection: lab.connection, topics: [topic], windowCount: 10 },
    { ...lab.deps(), ...quiet, onEvent: (event) => events.push(event) },
  );
  return {
    source,
    topic,
    events,
    write: async (partition, values) => await lab.write(topic, values, partition),
    removeBefore: async (partition, offset) => await lab.deleteRecords(topic, String(offset), partition),
  };
});

test('tells the end of the log', async () => {
  const topic = await lab.topic();
  await lab.write(topic, ['a', 'b']);
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 1n, undefined);
  await waitFor(() => source.told('high_water').at(-1)?.offset === 2n, 'the end of the log');
});

test('delivers a tombstone as empty bytes', async () => {
  const topic = await lab.topic();
  await lab.write(topic, [null, 'y']);
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await waitFor(() => source.alarms.length === 2, 'two alarms');
  assert.deepEqual(source.values(), ['', 'y']);
  assert.ok(Math.abs((source.alarms[0]?.recordedAtMs ?? 0) - Date.now()) < 600_000);
});

test('crosses a gap that is larger than the window once all before it is committed (K8)', async () => {
  const topic = await lab.topic();
  await lab.write(topic, ['first']);
  const aborted = lab.kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
  await aborted.connect();
  const transaction = await aborted.transaction();
  await transaction.send({ topic, messages: numbered('no', 1, 50).map((value) => ({ value })) });
  await transaction.abort();
  await aborted.disconnect();
  await lab.write(topic, ['behind the gap']);
  const source = read([topic], 5);
  source.source.resume({ topic, partition: 0 }, 0n, 5n);
  await waitFor(() => source.alarms.length === 1, 'the first alarm');
  source.source.allow({ topic, partition: 0 }, 1n);
  await waitFor(() => source.alarms.length === 2, 'the alarm behind the gap');
  assert.deepEqual(source.values(), ['first', 'behind the gap']);
});

test('leaves out aborted transactions, also overlapping ones, and passes their markers (K8)', async () => {
  const topic = await lab.topic();
  const [one, two] = ['one', 'two'].map((name) =>
    lab.kafka.producer({ transactionalId: `${topic}-${name}`, idempotent: true, maxInFlightRequests: 1 }),
  );
  assert.ok(one !== undefined && two !== undefined);
  await Promise.all([one.connect(), two.connect()]);
  const early = await one.transaction();
  await early.send({ topic, messages: [{ value: 'early 1, aborted' }] });
  const late = await two.transaction();
  await late.send({ topic, messages: [{ value: 'late, aborted' }] });
  await late.abort();
  await early.send({ topic, messages: [{ value: 'early 2, aborted' }] });
  await early.abort();
  const good = await two.transaction();
  await good.send({ topic, messages: [{ value: 'kept' }] });
  await good.commit();
  await lab.write(topic, ['plain']);
  await Promise.all([one.disconnect(), two.disconnect()]);
  for (const start of [0n, 1n, 2n]) {
    const source = read([topic]);
    source.source.resume({ topic, partition: 0 }, start, undefined);
    await waitFor(() => source.values().includes('plain'), 'the last alarm');
    assert.deepEqual(source.values(), ['kept', 'plain'], `from ${start}`);
  }
});

test('starts inside a gzip batch', async () => {
  const topic = await lab.topic();
  await lab.write(topic, numbered('g', 0, 99), 0, 1);
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 42n, undefined);
  await waitFor(() => source.alarms.length === 58, '58 alarms');
  assert.equal(source.values()[0], 'g-42');
});

for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
  test(`reads what a topic keeps compressed with ${codec}, from the middle of a batch on`, async () => {
    const topic = await lab.topic({ config: { 'compression.type': codec } });
    const values = numbered(`${'some words that compress well '.repeat(200)}`, 0, 99);
    await lab.write(topic, values);
    const source = read([topic]);
    source.source.resume({ topic, partition: 0 }, 42n, undefined);
    await waitFor(() => source.alarms.length === 58, '58 alarms');
    assert.deepEqual(source.values(), values.slice(42));
  });
}

test('delivers an alarm of more than one MiB, and what follows it (D2)', async () => {
  const topic = await lab.topic({ config: { 'max.message.bytes': '8000000' } });
  const large = 'x'.repeat(3_000_000);
  await lab.write(topic, ['before', large, 'after']);
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await waitFor(() => source.alarms.length === 3, 'three alarms');
  assert.deepEqual(
    source.values().map((value) => value.length),
    [6, 3_000_000, 5],
  );
});

test('halts a partition that ends before its position, and reads it when told where', async () => {
  const topic = await lab.topic();
  await lab.write(topic, ['only']);
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 700n, 720n);
  await waitFor(() => source.told('halted').length === 1, 'the halt');
  assert.deepEqual(source.told('halted')[0], {
    kind: 'halted',
    partition: { topic, partition: 0 },
    nextToRead: 700n,
    logStart: 0n,
    logEnd: 1n,
  });
  const answersAtHalt = source.answers;
  await waitFor(() => source.answers > answersAtHalt, 'a sign of life without anything to read');
  assert.equal(source.alarms.length, 0);
  source.source.resume({ topic, partition: 0 }, 0n, 20n);
  await waitFor(() => source.alarms.length === 1, 'the alarm');
  assert.equal(source.told('halted').length, 1);
});

test('halts after the topic was deleted and made anew while it was read (K8)', async () => {
  const topic = await lab.topic();
  await lab.write(topic, numbered('old', 0, 9));
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await waitFor(() => source.alarms.length === 10, 'ten alarms');
  await lab.admin.deleteTopics({ topics: [topic] });
  await waitFor(() => source.told('partitions').at(-1)?.partitions.length === 0, 'the topic to be gone');
  await lab.topic({ name: topic });
  await lab.write(topic, ['new']);
  await waitFor(() => source.told('halted').length === 1, 'the halt');
  assert.equal(source.alarms.length, 10);
});

test('finds a topic that is created later, and other topics are read meanwhile', async () => {
  const living = await lab.topic();
  const absent = lab.topicName();
  const source = read([absent, living]);
  source.source.resume({ topic: living, partition: 0 }, 0n, undefined);
  source.source.resume({ topic: absent, partition: 0 }, undefined, undefined);
  await waitFor(() => source.told('partitions').some((event) => event.partitions.length === 0), 'the absent topic');
  await lab.write(living, ['alive']);
  await waitFor(() => source.values(0, living).length === 1, 'the living topic');
  await lab.topic({ name: absent });
  await lab.write(absent, ['here now']);
  await waitFor(() => source.values(0, absent).length === 1, 'the created topic');
});

test('goes on with its topic when another one is deleted', async () => {
  const [living, doomed] = [await lab.topic(), await lab.topic()];
  const source = read([doomed, living]);
  source.source.resume({ topic: doomed, partition: 0 }, 0n, undefined);
  source.source.resume({ topic: living, partition: 0 }, 0n, undefined);
  await lab.write(doomed, ['last']);
  await waitFor(() => source.values(0, doomed).length === 1, 'the doomed topic');
  await lab.admin.deleteTopics({ topics: [doomed] });
  await waitFor(() => source.told('partitions').some((event) => event.partitions.length === 0), 'the deletion');
  await lab.write(living, ['alive']);
  await waitFor(() => source.values(0, living).length === 1, 'the living topic');
});

test('sees partitions that are added, without touching the others', { timeout: 60_000 }, async () => {
  const topic = await lab.topic();
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await lab.write(topic, ['a']);
  await waitFor(() => source.values(0).length === 1, 'the first partition');
  await lab.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const seen = () => source.told('partitions').at(-1)?.partitions.length === 3;
  await waitFor(seen, 'the new partitions', { timeoutMs: 40_000 });
  source.source.resume({ topic, partition: 2 }, undefined, undefined);
  await lab.write(topic, ['c'], 2);
  await waitFor(() => source.values(2).length === 1, 'the new partition');
  assert.deepEqual(source.values(0), ['a']);
});

test('sets a batch aside that unpacks without end, names its position, and reads the other partitions (D2)', async () => {
  const topic = await lab.topic();
  const bomb = await lab.topic({ config: { 'max.message.bytes': '100000000' } });
  await lab.write(bomb, ['\0'.repeat(70_000_000)], 0, 1);
  await lab.write(topic, ['readable']);
  const source = read([topic, bomb]);
  source.source.resume({ topic: bomb, partition: 0 }, 0n, undefined);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await waitFor(() => source.telemetry.named('records_unreadable').length === 1, 'a word about the batch');
  assert.match(String(source.telemetry.named('records_unreadable')[0]?.error), new RegExp(`${bomb}/0@0`));
  await waitFor(() => source.values(0, topic).length === 1, 'the readable partition');
});

test('resumes at the exact offset after the broker was killed, and after it was frozen (K1) (K2)', {
  timeout: 120_000,
}, async () => {
  const topic = await lab.topic();
  const source = read([topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await lab.write(topic, numbered('a', 0, 99));
  await waitFor(() => source.alarms.length === 100, '100 alarms');
  await lab.services.kill('kafka');
  await waitFor(() => source.telemetry.named('kafka_away').length > 0, 'the outage to be told');
  await lab.services.restart('kafka');
  await lab.write(topic, numbered('a', 100, 199));
  await waitFor(() => source.alarms.length === 200, '200 alarms', { timeoutMs: 20_000 });
  lab.services.pause('kafka');
  await waitFor(() => source.failures.some((text) => text.includes('timed out')), 'the time-out', {
    timeoutMs: 20_000,
  });
  lab.services.resume('kafka');
  await lab.write(topic, numbered('a', 200, 299));
  await waitFor(() => source.alarms.length === 300, '300 alarms', { timeoutMs: 20_000 });
  assert.deepEqual(source.values(), numbered('a', 0, 299));
});
