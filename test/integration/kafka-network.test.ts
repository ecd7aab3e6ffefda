import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Brokers } from '../../src/adapters/kafka/brokers.js';
import type { KafkaConnection } from '../../src/adapters/kafka/connection-options.js';
import { KafkaProducer } from '../../src/adapters/kafka/producer.js';
import { messageOf } from '../../src/domain/errors.js';
import { freePort } from '../support/free-port.js';
import { KafkaLab, numbered } from '../support/kafka-lab.js';
import { ReadingSource } from '../support/reading-source.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

/** The way from the engine to the broker; the lab itself has another one. */
let proxy: TcpProxy;
let lab: KafkaLab;
let connection: KafkaConnection;
let topic: string;
let source: ReadingSource;
let producer: KafkaProducer;
let away: readonly unknown[];
const closing: { close(): Promise<void> }[] = [];
const never = new AbortController().signal;

before(async () => {
  const port = await freePort();
  proxy = await TcpProxy.to(port);
  lab = await KafkaLab.start({ kafkaSide: { port, advertisedPort: proxy.port } });
  connection = { ...lab.connection, brokers: [`127.0.0.1:${proxy.port}`] };
});

beforeEach(async () => {
  topic = await lab.topic();
  source = new ReadingSource(connection, [topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  const deps = lab.deps();
  away = deps.telemetry.events;
  producer = new KafkaProducer(connection, { ...deps, onAnswered: () => undefined, onFailure: () => undefined });
  const opened = { source, producer };
  closing.push({ close: async () => void (await Promise.all([opened.source.stop(), opened.producer.close()])) });
  await publish('first');
  await waitFor(() => source.alarms.length === 1, 'the first one');
});

after(async () => {
  proxy.resume();
  for (const each of closing) await each.close();
  await lab.stop();
  await proxy.close();
});

async function publish(value: string): Promise<void> {
  await producer.publish(topic, { key: value, value, headers: {} }, never);
}

/** Reading brought every offset once and in order, however often the way was cut. */
function readOnce(): void {
  assert.deepEqual(source.offsets(), [...source.alarms.keys()].map(String));
}

test('requests that come while a connection is being opened wait for it', async (t) => {
  const brokers = new Brokers(connection, 10_000, lab.deps());
  t.after(() => {
    proxy.delay(() => 0);
    brokers.close();
  });
  const answers: Promise<string>[] = [];
  const ask = () => {
    const asked = brokers.ask('any', 'Metadata', { topics: [topic], allowAutoTopicCreation: false }, never);
    answers.push(asked.then(() => 'answered', messageOf));
  };
  const acceptedCount = proxy.acceptedCount;
  proxy.delay(() => 300);
  ask();
  await waitFor(() => proxy.acceptedCount > acceptedCount, 'the connection');
  // The broker's versions are still under way.
  await waitFor(() => {
    ask();
    return answers.length === 10;
  }, 'ten questions');
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['answered']));
});

test('a slow broker is read and written over the connections that there are, without a member in any group (K3)', async (t) => {
  t.after(() => proxy.delay(() => 0));
  const acceptedCount = proxy.acceptedCount;
  proxy.delay(() => 250);
  await lab.write(topic, numbered('a', 1, 200));
  await Promise.all(numbered('b', 1, 20).map(publish));
  await waitFor(() => source.alarms.length === 221, 'all of them', { timeoutMs: 40_000 });
  assert.deepEqual([proxy.acceptedCount - acceptedCount, source.failures, away], [0, [], []]);
  assert.deepEqual((await lab.admin.listGroups()).groups, []);
  readOnce();
});

test('an answer to a fetch that breaks off is asked for again, and brings everything once (K4)', async () => {
  for (const passedBytes of [1, 5, 40]) {
    const count = source.alarms.length;
    proxy.cutInsideAnswer(passedBytes);
    await lab.write(topic, numbered(`cut-${passedBytes}`, 1, 50));
    await waitFor(() => source.alarms.length === count + 50, 'what was written', { timeoutMs: 20_000 });
  }
  readOnce();
});

test('a write whose answer is lost is written again under the same key (K4)', async () => {
  proxy.cutAfterRequest((request) => request.includes('canary'));
  await publish('canary');
  await publish('behind');
  await waitFor(() => source.values().includes('behind'), 'both');
  assert.deepEqual(source.values(), ['first', 'canary', 'canary', 'behind']);
  readOnce();
});

for (const direction of [undefined, 'toServer', 'toClient'] as const) {
  test(`a way that goes silent (${direction ?? 'both ways'}) is given up, and afterwards everything goes on where it was (K5)`, {
    timeout: 90_000,
  }, async (t) => {
    t.after(() => proxy.resume());
    proxy.blackhole(direction);
    const published = publish('meanwhile');
    await lab.write(topic, ['from elsewhere']);
    await waitFor(() => source.failures.length > 0, 'word of the silence', { timeoutMs: 40_000 });
    assert.match(source.failures[0] ?? '', /timed out|no answer in time/);
    proxy.resume();
    await published;
    await waitFor(() => new Set(source.values()).size === 3, 'both', { timeoutMs: 40_000 });
    readOnce();
  });
}
