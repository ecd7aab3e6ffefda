import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import type { Config } from '../config/config.js';
import type { Problem } from '../config/problem.js';
import { EngineError, messageOf } from '../domain/errors.js';
import { mysqlOptions } from '../engine/outside-options.js';
import { systemClock } from '../runtime/clock.js';
import { askKafka } from './ask-kafka.js';
import { printable } from './columns.js';
import { commandTelemetry } from './command-telemetry.js';
import type { Valid } from './configuration.js';
import { withZookeeper } from './with-zookeeper.js';

/** What one outside system answered: `message` says what was found there, or what was tried in vain and what to check. */
export interface OnlineAnswer extends Problem {
  readonly isFine: boolean;
}

interface Question {
  /** Where a failure is to be mended. */
  readonly key: string;
  /** @throws EngineError when there is no answer with which the engine could work. */
  ask(config: Config): Promise<string>;
}

const kafkaLimitMs = 5_000;
/** Of the whole look; each query has a shorter one of its own, with better words. */
const mysqlLimitMs = 10_000;

const questions: readonly Question[] = [
  { key: 'kafka.url', ask: alarmTopicAnswer },
  { key: 'zookeeper.url', ask: rootAnswer },
  { key: 'mysql.host', ask: tablesAnswer },
];

/** Asks Kafka, ZooKeeper and MySQL at one time whether the engine could work with them; changes nothing there. */
export async function checkOnline(loaded: Valid, file: string): Promise<readonly OnlineAnswer[]> {
  return await Promise.all(
    questions.map(async ({ key, ask }) => {
      const { place, name } = loaded.settings.whereIs(key);
      const say = (isFine: boolean, message: string) => ({ file, ...place, key: name, message, isFine });
      try {
        return say(true, printable(await ask(loaded.config)));
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        return say(false, printable(`expected an answer, got: ${messageOf(error)}`));
      }
    }),
  );
}

async function alarmTopicAnswer(config: Config): Promise<string> {
  const { alarmTopic } = config.kafka;
  const asked = { limitMs: kafkaLimitMs, what: `topic ${alarmTopic}` };
  const ends = await askKafka(config, asked, (reader, signal) => reader.logEnds(alarmTopic, signal));
  if (ends.size > 0) return `Kafka answers; topic ${alarmTopic} has partitions: ${ends.size}`;
  const text = `Kafka answers, but has no topic ${alarmTopic}; create it, the engine waits for it; or check kafka.alarm_topic`;
  throw new EngineError('STORE_UNAVAILABLE', text, { retriable: true });
}

async function rootAnswer(config: Config): Promise<string> {
  return await withZookeeper(config, commandTelemetry(), async (keeper) => {
    const session = keeper.now();
    const { root } = keeper.paths;
    if ((await session.exists(root)) === undefined) return `ZooKeeper answers; ${root} will be made by the engine`;
    // Looking at a node needs no right, listing it does.
    await session.children(root);
    return `ZooKeeper answers; ${root} can be read`;
  });
}

async function tablesAnswer(config: Config): Promise<string> {
  const telemetry = commandTelemetry();
  const directory = new MysqlMethodDirectory(mysqlOptions(config), { clock: systemClock, telemetry });
  const limit = systemClock.limit(mysqlLimitMs);
  try {
    await directory.ping(limit.signal);
    return `MySQL answers; the tables of methods in ${config.mysql.db} can be read`;
  } finally {
    limit.clear();
    await directory.close();
  }
}
