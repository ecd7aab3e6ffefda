import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Brokers } from '../../src/adapters/kafka/brokers.js';
import { KafkaDeadLetters } from '../../src/adapters/kafka/dead-letters.js';
import { KafkaOffsetMirror } from '../../src/adapters/kafka/offset-mirror.js';
import { KafkaProducer } from '../../src/adapters/kafka/producer.js';
import { KafkaPublisher } from '../../src/adapters/kafka/publisher.js';
import { type RawRecord, TopicReader } from '../../src/adapters/kafka/topic-reader.js';
import { createMissingTopics } from '../../src/adapters/kafka/topics.js';
import { publisherContract } from '../contract/publisher.js';
import { KafkaLab, numbered } from '../support/kafka-lab.js';
import { sampleNotification } from '../support/outcome-samples.js';
import { waitFor } from '../support/wait-for.js';

let lab: KafkaLab;
let deps: ReturnType<KafkaLab['deps']>;
const closing: { close(): Promise<void> }[] = [];
const never = new AbortController().signal;

function producer(): KafkaProducer {
  const opened = new KafkaProducer(lab.connection, {
    ...deps,
    onAnswered: () => undefined,
    onFailure: () => undefined,
  });
  closing.push(opened);
  return opened;
}

/** Everything that a topic holds at this time, in the order of partitions and offsets. */
async function contents(topic: string): Promise<RawRecord[]> {
  const reader = new TopicReader(lab.connection, deps);
  const enough = new AbortController();
  const [starts, ends] = [await reader.logStarts(topic, never), await reader.logEnds(topic, never)];
  const left = [...ends].reduce((sum, [partition, end]) => sum + Number(end - (starts.get(partition) ?? 0n)), 0);
  const found: RawRecord[] = [];
  for await (const record of left === 0 ? [] : reader.read(topic, starts, enough.signal)) {
    found.push(record);
    if (found.length === left) break;
  }
  enough.abort();
  await reader.close();
  return found.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

const text = (record: RawRecord) => Buffer.from(record.value).toString();

before(async () => {
  lab = await KafkaLab.start();
  deps = lab.deps();
});

after(async () => {
  await Promise.all(closing.map((each) => each.close()));
  await lab.stop();
});

publisherContract('KafkaPublisher', async () => {
  const [notificationTopic, notificationRetryTopic, deadLetterTopic] = [
    await lab.topic({ partitions: 3 }),
    await lab.topic(),
    await lab.topic(),
  ];
  const topics = { notificationTopic, notificationRetryTopic, deadLetterTopic };
  const publisher = new KafkaPublisher(producer(), topics, { instance: 'host-1-0', telemetry: deps.telemetry });
  const read = async (topic: string) =>
    (await contents(topic)).map((record) => ({ key: record.key ?? '', value: text(record), headers: record.headers }));
  return {
    publisher,
    sent: () => read(notificationTopic),
    retrying: () => read(notificationRetryTopic),
    dead: () => read(deadLetterTopic),
  };
});

test('one key stays in one partition and in order; all partitions are used', async () => {
  const topic = await lab.topic({ partitions: 4 });
  const writer = producer();
  const keys = numbered('key', 1, 20);
  const writes = numbered('v', 1, 25).flatMap((value) =>
    keys.map((key) => ({ key, value, headers: { from: 'test' } })),
  );
  await Promise.all(writes.map((record) => writer.publish(topic, record, never)));
  const found = await contents(topic);
  assert.equal(found.length, writes.length);
  assert.deepEqual(new Set(found.map(({ partition }) => partition)), new Set([0, 1, 2, 3]));
  for (const key of keys) {
    const ofKey = found.filter((record) => record.key === key);
    assert.equal(new Set(ofKey.map(({ partition }) => partition)).size, 1);
    assert.deepEqual(ofKey.map(text), numbered('v', 1, 25));
  }
  assert.deepEqual(found[0]?.headers, { from: 'test' });
});

test('a record too large is refused, the others of its batch are written', async () => {
  const topic = await lab.topic({ config: { 'max.message.bytes': '20000' } });
  const writer = producer();
  const values = ['a', 'b', 'x'.repeat(50_000), 'c', 'd'];
  const results = await Promise.allSettled(
    values.map((value) => writer.publish(topic, { key: 'k', value, headers: {} }, never)),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  const refused = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as { code?: string }] : [],
  );
  assert.deepEqual(
    refused.map(({ code }) => code),
    ['RECORD_REFUSED'],
  );
  assert.deepEqual((await contents(topic)).map(text), ['a', 'b', 'c', 'd']);
});

test('an outcome that its topic refuses is parked shortened (K6)', async () => {
  const [small, parked] = [await lab.topic({ config: { 'max.message.bytes': '4000' } }), await lab.topic()];
  const topics = { notificationTopic: small, notificationRetryTopic: small, deadLetterTopic: parked };
  const publisher = new KafkaPublisher(producer(), topics, { instance: 'host-1-0', telemetry: deps.telemetry });
  const notification = sampleNotification({ topic: 'alarms', partition: 0, offset: 9n }, 'm1', 'x'.repeat(20_000));
  const record = { outcome: 'sent', notification, history: [], sentAtMs: 1, remoteId: undefined } as const;
  await publisher.publish({ position: notification.position, records: [record] }, never);
  assert.deepEqual(await contents(small), []);
  const [letter] = await contents(parked);
  assert.equal(letter?.key, notification.id);
  assert.equal(letter?.headers['notification-shortened'], small);
  const value = JSON.parse(text(letter as RawRecord)) as Record<string, unknown>;
  assert.equal(value.source_offset, '9');
  assert.equal(value.outcome, 'sent');
  assert.ok(text(letter as RawRecord).length < 4_000);
});

test('parks bytes that are no text so that they come back the same', async () => {
  const topic = await lab.topic();
  const letters = new KafkaDeadLetters(producer(), topic, { instance: 'host-1-0', telemetry: deps.telemetry });
  const position = { topic: 'alarms', partition: 2, offset: 77n };
  const large = Buffer.alloc(900_000, 0xff);
  await letters.park(
    { position, reason: 'malformed', raw: Buffer.from([0xff, 0x00, 0xfe]), detail: 'not UTF-8' },
    never,
  );
  await letters.park({ position, reason: 'malformed', raw: large, detail: 'too large' }, never);
  const [first, second] = await contents(topic);
  assert.equal(first?.key, 'alarms/2/77');
  const value = JSON.parse(text(first as RawRecord)) as { raw_base64: string };
  assert.equal(value.raw_base64, '/wD+');
  assert.deepEqual(Buffer.from(second?.value ?? []), large);
  assert.equal(deps.telemetry.counts.get('dead_letters_total malformed'), 2);
});

test('publishes to a topic that is created later; a publish that is given up ends', async () => {
  const topic = lab.topicName();
  const writer = producer();
  const giveUp = new AbortController();
  const given = writer.publish(topic, { key: 'a', value: 'given up', headers: {} }, giveUp.signal);
  const kept = writer.publish(topic, { key: 'a', value: 'kept', headers: {} }, never);
  giveUp.abort();
  await assert.rejects(given, { code: 'ABORTED' });
  await lab.topic({ name: topic });
  await kept;
  assert.deepEqual((await contents(topic)).map(text), ['kept']);
});

test('creates missing topics like the alarm topic, once that is there, and never the alarm topic', async () => {
  const model = lab.topicName();
  const [missing, present] = [lab.topicName(), await lab.topic()];
  const creating = createMissingTopics(lab.connection, [missing, present], model, deps, never);
  await lab.topic({ name: model, partitions: 5 });
  await creating;
  const count = async (topic: string) =>
    (await lab.admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length;
  assert.deepEqual([await count(missing), await count(present)], [5, 1]);
  await createMissingTopics(lab.connection, [missing, present], model, deps, never);
});

test('the mirror shows our position in the group, warns once while others use it, and comes back (K6) (K7)', {
  timeout: 60_000,
}, async () => {
  const [topic, gone] = [await lab.topic({ partitions: 2 }), await lab.topic()];
  // A consumer whose position lies behind the end of the log would reset what the group holds.
  for (const partition of [0, 1]) await lab.write(topic, numbered('a', 0, 19), partition);
  const group = lab.topicName();
  const mirror = new KafkaOffsetMirror(lab.connection, group, deps);
  closing.push(mirror);
  const at = (partition: number, offset: bigint) => ({ topic, partition, offset });
  const committed = async () => {
    // The coordinator of a first group is not there at once.
    const [found] = await lab.admin.fetchOffsets({ groupId: group, topics: [topic] }).catch(() => []);
    return found?.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => offset);
  };
  await lab.admin.deleteTopics({ topics: [gone] });
  await waitFor(async () => {
    await mirror.mirror([at(0, 4n), { topic: gone, partition: 0, offset: 1n }, at(1, 7n)]);
    return String(await committed()) === '4,7';
  }, 'the positions in the group');
  const consumer = lab.kafka.consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topic });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  // One that leaves while it joins stays a member until its session ends.
  await joined;
  await waitFor(async () => {
    await mirror.mirror([at(0, 5n)]);
    return deps.telemetry.named('mirror_group_in_use').length > 0;
  }, 'the warning');
  assert.ok((deps.telemetry.counts.get('mirror_failures_total') ?? 0) > 0);
  await consumer.disconnect();
  await waitFor(async () => {
    await mirror.mirror([at(0, 9n)]);
    return String(await committed()) === '9,7';
  }, 'the mirror to work again');
  assert.equal(deps.telemetry.named('mirror_group_in_use').length, 1);
});

test('the mirror repeats idle positions daily, but none that another engine has moved', async () => {
  const topic = await lab.topic({ partitions: 2 });
  const group = lab.topicName();
  let look = () => {};
  let aheadMs = 0;
  const every = (_ms: number, tick: () => void) => {
    look = tick;
    return () => undefined;
  };
  const clock = { ...deps.clock, every, monoMs: () => deps.clock.monoMs() + aheadMs };
  const mirror = new KafkaOffsetMirror(lab.connection, group, { ...deps, clock });
  closing.push(mirror);
  const committed = async () => {
    // The coordinator of a first group is not there at once.
    const [found] = await lab.admin.fetchOffsets({ groupId: group, topics: [topic] }).catch(() => []);
    return found?.partitions
      .sort((a, b) => a.partition - b.partition)
      .map(({ offset, metadata }) => `${offset}${metadata ?? ''}`);
  };
  await waitFor(async () => {
    await mirror.mirror([0, 1].map((partition) => ({ topic, partition, offset: 5n })));
    return String(await committed()) === '5,5';
  }, 'the positions in the group');
  const others = new Brokers(lab.connection, 10_000, deps);
  closing.push({ close: async () => others.close() });
  const partitions = [
    { partition: 0, offset: '5', metadata: '!' },
    { partition: 1, offset: '8', metadata: '!' },
  ];
  const asked = { groupId: group, groupGenerationId: -1, memberId: '', topics: [{ topic, partitions }] } as const;
  await others.ask('any', 'OffsetCommit', asked, never);
  assert.deepEqual(await committed(), ['5!', '8!']);
  aheadMs = 25 * 3_600_000;
  look();
  await waitFor(async () => String(await committed()) === '5,8!', 'the repeated position');
});

test('loses nothing and keeps the order over a kill and a freeze of the broker (K1) (K2)', {
  timeout: 120_000,
}, async () => {
  const topic = await lab.topic();
  const writer = producer();
  const published: string[] = [];
  const stop = new AbortController();
  const writing = (async () => {
    for (let count = 1; !stop.signal.aborted; count += 1) {
      await writer.publish(topic, { key: 'k', value: `v-${count}`, headers: {} }, never);
      published.push(`v-${count}`);
    }
  })();
  const more = async () => {
    const before = published.length;
    await waitFor(() => published.length > before + 50, '50 more acknowledged', { timeoutMs: 40_000 });
  };
  await more();
  await lab.services.kill('kafka');
  await lab.services.restart('kafka');
  await more();
  lab.services.pause('kafka');
  await waitFor(() => deps.telemetry.named('kafka_away').length > 0, 'the outage', { timeoutMs: 40_000 });
  lab.services.resume('kafka');
  await more();
  stop.abort();
  await writing;
  const found = (await contents(topic)).map(text);
  // A lost answer leaves a repeat beside its original; nothing goes back further.
  assert.deepEqual(
    found.filter((value, index) => value !== found[index - 1]),
    published,
  );
});
