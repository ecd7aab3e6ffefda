import { randomUUID } from 'node:crypto';
import type { RawRecord, TopicPositions, TopicReader } from '../adapters/kafka/topic-reader.js';
import type { Config } from '../config/config.js';
import { givenUp } from '../domain/errors.js';
import type { AlarmToSend } from './alarm-to-send.js';
import { openProducer } from './ask-kafka.js';

const marker = 'mon-notification-sent-by-hand';

/**
 * Publishes the alarm, and finds it again at or after `ends`, the ends of the alarm topic before: the record tells where it landed and when.
 *
 * Found by a header of its own and not by the broker's answer: the answer may be lost and the alarm there all the same.
 * @throws ABORTED when `signal` aborts first; what the producer throws.
 */
export async function publishAlarm(
  config: Config,
  { key, value }: Pick<AlarmToSend, 'key' | 'value'>,
  { reader, ends }: { readonly reader: TopicReader; readonly ends: TopicPositions },
  signal: AbortSignal,
): Promise<RawRecord> {
  const producer = openProducer(config);
  const mark = randomUUID();
  const topic = config.kafka.alarmTopic;
  try {
    await producer.publish(topic, { key, value, headers: { [marker]: mark } }, signal);
    for await (const record of reader.read(topic, ends, signal)) if (record.headers[marker] === mark) return record;
    throw givenUp(`the alarm was published to ${topic} but not found there`);
  } finally {
    await producer.close();
  }
}
