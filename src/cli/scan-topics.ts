import type { RawRecord, TopicPositions, TopicReader } from '../adapters/kafka/topic-reader.js';
import type { Config } from '../config/config.js';
import { givenUp } from '../domain/errors.js';
import type { Offset } from '../domain/position.js';
import { askKafka } from './ask-kafka.js';
import type { CommandIo } from './command.js';

export interface Scan {
  readonly topics: Iterable<string>;
  /** What is older by Kafka's time is not read; undefined: from the beginning. */
  readonly sinceMs: number | undefined;
  readonly limitMs: number;
}

const progressEveryCount = 5_000;

/**
 * Reads topics from an instant up to where they end now, and shows each record to `see`: memory is what `see` keeps. A topic that does not
 * exist has no records. Resolves to how many were read.
 *
 * @throws EngineError, retriable, when that takes longer than the limit: what was seen until then is not the whole.
 */
export async function scanTopics(
  config: Config,
  { topics, sinceMs, limitMs }: Scan,
  io: CommandIo,
  see: (record: RawRecord) => void,
): Promise<number> {
  const all = [...new Set(topics)];
  const what = `all that lies on ${all.join(', ')}; --timeout gives it more time, --since less to read`;
  let count = 0;
  try {
    await askKafka(config, { limitMs, what }, async (reader, signal) => {
      for (const topic of all) {
        const until = await reader.logEnds(topic, signal);
        const from = await beginOf(reader, topic, sinceMs, signal);
        const total = distance(from, until);
        let seen = 0;
        for await (const record of reader.read(topic, from, signal, until)) {
          see(record);
          count += 1;
          seen += 1;
          if (seen % progressEveryCount === 0) io.progress?.(`reading ${topic}: ${seen} of at most ${total} records`);
        }
        // The reader ends without a word when its time is over.
        if (signal.aborted) {
          const text = `${seen} of at most ${total} records of ${topic} were read`;
          throw givenUp(text);
        }
      }
    });
    return count;
  } finally {
    io.progress?.('');
  }
}

async function beginOf(
  reader: TopicReader,
  topic: string,
  sinceMs: number | undefined,
  signal: AbortSignal,
): Promise<TopicPositions> {
  return sinceMs === undefined ? await reader.logStarts(topic, signal) : await reader.offsetsAt(topic, sinceMs, signal);
}

function distance(from: TopicPositions, until: TopicPositions): Offset {
  let sum = 0n;
  for (const [partition, end] of until) sum += end - (from.get(partition) ?? end);
  return sum;
}
