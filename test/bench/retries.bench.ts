import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { KafkaAlarmSource } from '../../src/adapters/kafka/alarm-source.js';
import { KafkaMessageLookup } from '../../src/adapters/kafka/message-lookup.js';
import { decodeNotificationGroup } from '../../src/domain/codec.js';
import type { NotificationId } from '../../src/domain/notification.js';
import { encodeOutcomeRecord } from '../../src/domain/outcome-record.js';
import { Secret } from '../../src/domain/secret.js';
import { RetryPlan } from '../../src/retry/retry-plan.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { WaitingEngine } from '../../src/waiting/waiting-engine.js';
import { AlarmKafka, type Outgoing } from '../support/alarm-kafka.js';
import { alarmWith } from '../support/alarms.js';
import { FakeMethodDirectory } from '../support/fakes/fake-method-directory.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { randomName } from '../support/random-name.js';

/*
 * A million retries that wait in Kafka, a few thousand of them, spread over all of the topic, due within one minute: how late they leave,
 * and how much memory the retry engine takes. What it asks MySQL is answered from memory.
 * Run: KAFKA_URL=… node dist/.test/test/bench/retries.bench.js
 */
const waitingCount = Number(process.env.WAITING ?? 1_000_000);
const dueCount = Number(process.env.DUE ?? 6_000);
const partitionCount = 4;
const dueWithinMs = Number(process.env.DUE_WITHIN_MS ?? 60_000);
const fillAndReadMs = Number(process.env.PREPARE_MS ?? 150_000);
const longAfterMs = 6 * 3_600_000;
const sendCount = 400;
const url = process.env.KAFKA_URL ?? '127.0.0.1:9092';

/** The text of a record that waits, with places for what differs. */
function template(): (index: number, notBeforeMs: number) => string {
  const position = { topic: 'alarms', partition: 0, offset: 1n };
  const alarm = alarmWith({ alarmId: 'ALARM-ID', alarmDescription: 'd'.repeat(300) }, position);
  const method = { id: 'm-1', name: 'n', type: 'email', address: new Secret('a@here.com'), periodMs: 0 };
  // Each is a notification of its own: of several records of one, only the last is tried.
  const id = 'ALARM-ID' as NotificationId;
  const notification = { position, id, alarm, method, attempt: 1, repeat: 0 };
  const history = [{ attempt: 1, atMs: 1_700_000_000_000, failure: 'server_error' }] as const;
  const record = { notification, history, outcome: 'retrying', notBeforeMs: 4_242_424_242, detail: 'busy' } as const;
  const parts = String(encodeOutcomeRecord(record, 'host').value).split('ALARM-ID');
  return (index, notBeforeMs) => parts.join(`alarm-${index}`).replace('4242424242', String(notBeforeMs));
}

async function fill(topic: string, firstDueAtMs: number): Promise<void> {
  const kafka = await AlarmKafka.connect(url);
  await kafka.createTopic(topic, partitionCount);
  const textOf = template();
  const every = Math.floor(waitingCount / dueCount);
  let bytes = 0;
  for (let from = 0; from < waitingCount; from += sendCount) {
    const messages: Outgoing[] = [];
    for (let index = from; index < Math.min(from + sendCount, waitingCount); index += 1) {
      const isDue = index % every === 0;
      const notBeforeMs = firstDueAtMs + (isDue ? Math.floor(Math.random() * dueWithinMs) : longAfterMs);
      const value = textOf(index, notBeforeMs);
      bytes += value.length;
      messages.push({ partition: Math.floor(from / sendCount) % partitionCount, value });
    }
    await kafka.produce(topic, messages);
  }
  console.log(`${waitingCount} records of ${Math.round(bytes / waitingCount)} bytes`);
  await kafka.close();
}

const mb = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`;
const at = (list: readonly number[], part: number) => list[Math.min(list.length - 1, Math.floor(list.length * part))];

async function measure(topic: string, firstDueAtMs: number): Promise<void> {
  const directory = new FakeMethodDirectory();
  directory.add({ id: 'm-1' });
  const telemetry = new RecordingTelemetry();
  const connection = {
    brokers: [url] as const,
    clientId: 'bench',
    ssl: undefined,
    sasl: undefined,
  };
  const ignore = () => undefined;
  const kafka = { clock: systemClock, random: systemRandom, telemetry, onAnswered: ignore, onFailure: console.error };
  const source = new KafkaAlarmSource(
    { connection, topics: [topic], windowCount: 500_000 },
    { ...kafka, onEvent: ignore },
  );
  const lookup = new KafkaMessageLookup(connection, kafka);
  const lateMs: number[] = [];
  const engine = new WaitingEngine({
    ...{ source, lookup, clock: systemClock, random: systemRandom, telemetry },
    plan: new RetryPlan({ directory, intervalMs: 30_000, ttlMs: undefined }),
    capacity: 1_000_000,
    deadLetters: { park: () => Promise.reject(new Error('nothing is to be parked')) },
    outlet: {
      held: ignore,
      finished: ignore,
      room: (count) => Promise.resolve(count),
      done: ignore,
      give: async (parcels) => {
        for (const { position, payload } of parcels) {
          const [{ alarm }] = decodeNotificationGroup(position, payload).notifications;
          lateMs.push(Date.now() - dueOf(alarm.alarmId));
        }
      },
    },
  });
  const due = new Map<string, number>();
  const dueOf = (alarmId: string) => due.get(alarmId) ?? Number.NaN;
  const stop = new AbortController();
  const seen = source.read.bind(source);
  source.read = async function* read(signal) {
    for await (const batch of seen(signal)) {
      for (const { value } of batch) {
        const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
        const notBeforeMs = Number(/"not_before": ([0-9]+)/.exec(text)?.[1]);
        const alarmId = /"alarm_id": "([^"]+)"/.exec(text)?.[1] ?? '';
        if (notBeforeMs < firstDueAtMs + dueWithinMs) due.set(Buffer.from(alarmId).toString(), notBeforeMs);
      }
      yield batch;
    }
  };
  const startedAtMs = Date.now();
  const running = engine.run(stop.signal);
  for (let partition = 0; partition < partitionCount; partition += 1) {
    engine.resume({ topic, partition }, () => false);
    source.resume({ topic, partition }, 0n, 500_000n);
  }
  let peakBytes = 0;
  const peak = () => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  };
  const watching = setInterval(peak, 50);
  while (engine.waitingCount + lateMs.length < waitingCount) await systemClock.sleep(200, stop.signal);
  const readMs = Date.now() - startedAtMs;
  console.log(`read in ${(readMs / 1000).toFixed(1)} s, peak while reading ${mb(peakBytes)}`);
  if (Date.now() > firstDueAtMs) console.log('too late: give it more PREPARE_MS');
  await systemClock.sleep(firstDueAtMs - 2_000 - Date.now(), stop.signal);
  console.log(`at rest ${mb(process.memoryUsage.rss())}`);
  peakBytes = 0;
  const cpu = process.cpuUsage();
  while (lateMs.length < dueCount && Date.now() < firstDueAtMs + dueWithinMs + 30_000)
    await systemClock.sleep(200, stop.signal);
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watching);
  lateMs.sort((one, other) => one - other);
  console.log(`${lateMs.length} of ${dueCount} left; late in ms: p50 ${at(lateMs, 0.5)}, p99 ${at(lateMs, 0.99)}`);
  console.log(
    `least ${lateMs[0]}, most ${lateMs.at(-1)}; peak ${mb(peakBytes)}; cpu ${Math.round((user + system) / 1000)} ms`,
  );
  stop.abort();
  await running;
  await Promise.all([source.close(), lookup.close()]);
}

async function child(...args: readonly string[]): Promise<void> {
  const forked = fork(fileURLToPath(import.meta.url), args);
  const [code] = await once(forked, 'exit');
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
}

const [role, topic = '', firstDueAt = ''] = process.argv.slice(2);
if (role === 'fill') await fill(topic, Number(firstDueAt));
else if (role === 'measure') await measure(topic, Number(firstDueAt));
else {
  const name = randomName('waiting');
  const firstDueAtMs = String(Date.now() + fillAndReadMs);
  try {
    await child('fill', name, firstDueAtMs);
    await child('measure', name, firstDueAtMs);
  } finally {
    const kafka = await AlarmKafka.connect(url);
    await kafka.admin.deleteTopics({ topics: [name] });
    await kafka.close();
  }
}
