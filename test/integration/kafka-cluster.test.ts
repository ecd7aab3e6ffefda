import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KafkaOffsetMirror } from '../../src/adapters/kafka/offset-mirror.js';
import { KafkaProducer } from '../../src/adapters/kafka/producer.js';
import { KafkaLab } from '../support/kafka-lab.js';
import { ReadingSource } from '../support/reading-source.js';
import { waitFor } from '../support/wait-for.js';

const PARTITIONS = 3;
/** One for each partition. */
const keys = ['a', 'c', 'g'];
let lab: KafkaLab;
let topic: string;
let source: ReadingSource;
let producer: KafkaProducer;
let acknowledged: string[];
let deps: ReturnType<KafkaLab['deps']>;
let writing: Promise<unknown>;
const stop = new AbortController();
const never = new AbortController().signal;

/** Writes without end, one record at a time, and keeps what Kafka has acknowledged. */
async function write(key: string): Promise<void> {
  for (let count = 1; !stop.signal.aborted; count += 1) {
    await producer.publish(topic, { key, value: `${key}:${count}`, headers: {} }, never);
    acknowledged.push(`${key}:${count}`);
  }
}

/** Load goes on in both directions: every partition has brought new alarms since the call. */
async function flowing(): Promise<void> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const before = partitions.map((partition) => source.offsets(partition).length);
  const hasMoved = () =>
    partitions.every((partition) => source.offsets(partition).length > (before[partition] ?? 0) + 5);
  await waitFor(hasMoved, 'alarms of every partition', { timeoutMs: 40_000 });
}

async function leaderOf(partition: number): Promise<number> {
  const { topics } = await lab.admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
}

before(async () => {
  lab = await KafkaLab.start({ kafkaBrokers: 3 });
  deps = lab.deps();
  topic = await lab.topic({ partitions: PARTITIONS, config: { 'min.insync.replicas': '2' } });
  acknowledged = [];
  source = new ReadingSource(lab.connection, [topic], 10_000_000);
  for (let partition = 0; partition < PARTITIONS; partition += 1)
    source.source.resume({ topic, partition }, 0n, undefined);
  producer = new KafkaProducer(lab.connection, { ...deps, onAnswered: () => undefined, onFailure: () => undefined });
  writing = Promise.all(keys.map(write));
  await flowing();
});

after(async () => {
  stop.abort();
  await producer.close();
  await writing.catch(() => undefined);
  await source.stop();
  await lab.stop();
});

test('reading and writing go on after the leader of a partition was killed and came back (K1)', {
  timeout: 120_000,
}, async () => {
  const killed = await leaderOf(0);
  await lab.services.kill(`kafka-${killed}`);
  await flowing();
  assert.notEqual(await leaderOf(0), killed);
  await lab.services.restart(`kafka-${killed}`);
  await flowing();
});

test('they go on while leaders are moved by reassignment (K6)', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 4; round += 1) {
    const from = await leaderOf(round % PARTITIONS);
    const to = (from % 3) + 1;
    const others = [1, 2, 3].filter((node) => node !== from && node !== to);
    const partitionAssignment = [{ partition: round % PARTITIONS, replicas: [to, ...others] }];
    await lab.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    await waitFor(async () => (await leaderOf(round % PARTITIONS)) !== from, 'the leader to move', {
      timeoutMs: 30_000,
    });
    await flowing();
  }
  const partitionAssignment = [0, 1, 2].map((partition) => ({ partition, replicas: [1, 2, 3] }));
  await lab.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
});

test('they go on when a broker is replaced by an empty one', { timeout: 120_000 }, async () => {
  const node = await leaderOf(1);
  const inSync = async () => {
    const { topics } = await lab.admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.every(({ isr }) => isr.length === 3) ?? false;
  };
  await waitFor(inSync, 'all replicas in sync', { timeoutMs: 60_000 });
  await lab.services.kill(`kafka-${node}`);
  await flowing();
  await rm(join(lab.services.dir, `kafka-${node}`, 'data'), { recursive: true });
  await lab.services.restart(`kafka-${node}`);
  await waitFor(inSync, 'the replacement in sync', { timeoutMs: 60_000 });
  await flowing();
});

test('they go on after a leader was frozen (K2)', { timeout: 120_000 }, async () => {
  const node = await leaderOf(2);
  lab.services.pause(`kafka-${node}`);
  try {
    await flowing();
  } finally {
    lab.services.resume(`kafka-${node}`);
  }
  await flowing();
});

test('the mirror follows its coordinator to another broker (K6)', { timeout: 120_000 }, async () => {
  const group = lab.topicName();
  const mirror = new KafkaOffsetMirror(lab.connection, group, deps);
  const committed = async () =>
    (await lab.admin.fetchOffsets({ groupId: group, topics: [topic] }))[0]?.partitions[0]?.offset;
  const mirrored = async (offset: bigint) =>
    await waitFor(
      async () => {
        await mirror.mirror([{ topic, partition: 0, offset }]);
        return (await committed().catch(() => '')) === String(offset);
      },
      `${offset} in the group`,
      { timeoutMs: 40_000 },
    );
  await mirrored(3n);
  const { topics } = await lab.admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] });
  const coordinator = topics[0]?.partitions[0]?.leader;
  await lab.services.kill(`kafka-${coordinator}`);
  await mirrored(5n);
  await lab.services.restart(`kafka-${coordinator}`);
  await mirror.close();
});

test('nothing acknowledged was lost, nothing came twice to the reader, and every key kept its order', async () => {
  stop.abort();
  await writing;
  const ends = await lab.ends(topic);
  const isRead = () =>
    ends.every(({ partition, high }) => BigInt(source.offsets(partition).at(-1) ?? -1) === BigInt(high) - 1n);
  await waitFor(isRead, 'the ends of the log', { timeoutMs: 40_000 });
  for (const { partition, high } of ends) {
    const expected = Array.from({ length: Number(high) }, (_, offset) => String(offset));
    assert.deepEqual(source.offsets(partition), expected);
  }
  const values = source.alarms.map(({ value }) => Buffer.from(value).toString());
  const seen = new Set(values);
  assert.deepEqual(
    acknowledged.filter((value) => !seen.has(value)),
    [],
  );
  for (const key of keys) {
    const counts = values.filter((value) => value.startsWith(`${key}:`)).map((value) => Number(value.slice(2)));
    const firsts = counts.filter((count, index) => !counts.slice(0, index).includes(count));
    assert.deepEqual(
      firsts,
      firsts.toSorted((a, b) => a - b),
    );
  }
  const repeats = values.length - seen.size;
  console.error(`${acknowledged.length} acknowledged, ${repeats} repeated in the log`);
});
