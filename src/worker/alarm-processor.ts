import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import { KafkaDeadLetters } from '../adapters/kafka/dead-letters.js';
import { KafkaDigestIntake } from '../adapters/kafka/digest-intake.js';
import { KafkaProducer } from '../adapters/kafka/producer.js';
import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import type { MysqlOptions } from '../adapters/mysql/pool.js';
import { CanaryDirectory } from '../canary/canary-directory.js';
import { decodeRawAlarm, encodeNotificationGroup } from '../domain/codec.js';
import { messageOf } from '../domain/errors.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import { AlarmProcessor } from '../stages/alarm-processor.js';
import { stageParts } from './stage-parts.js';
import { kafkaDeps, type Surroundings } from './surroundings.js';

export interface AlarmProcessorConfig {
  readonly connection: KafkaConnection;
  readonly deadLetterTopic: string;
  /** Where digests take their alarms from. */
  readonly statusTopic: string;
  readonly mysql: MysqlOptions;
  /** Undefined: alarms never expire. */
  readonly alarmTtlMs: number | undefined;
  /** Types of notification methods that the table of types should know. */
  readonly registerTypes: readonly string[];
}

/** Two full queries and what they leave waiting. */
const inHandCount = 512;
const askEveryMs = 3_000;
/** Longer than a query may take, so that its own words are heard. */
const askLimitMs = 7_000;

/** The worker that understands alarms and finds out who is to be told. */
export function alarmProcessor(config: AlarmProcessorConfig, around: Surroundings): WorkerParts {
  const { clock, random, telemetry, instance } = around;
  const producer = new KafkaProducer(config.connection, kafkaDeps(around));
  const directory = new MysqlMethodDirectory(config.mysql, around);
  const deadLetters = new KafkaDeadLetters(producer, config.deadLetterTopic, { instance, telemetry });
  const digestTopics = { status: config.statusTopic, deadLetter: config.deadLetterTopic };
  const digests = new KafkaDigestIntake(producer, digestTopics, telemetry);
  const stopAsking = askNowAndThen(directory, around.index === 0 ? config.registerTypes : [], around);
  return stageParts(
    {
      stage: new AlarmProcessor(
        { ttlMs: config.alarmTtlMs },
        { directory: new CanaryDirectory(directory), deadLetters, digests, clock, random, telemetry },
      ),
      inHandCount,
      decode: decodeRawAlarm,
      encode: encodeNotificationGroup,
      close: async () => {
        stopAsking();
        await producer.close();
      },
    },
    around,
  );
}

/** Readiness asks whether MySQL answers, whether or not there are alarms. What is to be registered is, as soon as it does, and
 * that digests may be asked for is told. */
function askNowAndThen(
  directory: MysqlMethodDirectory,
  types: readonly string[],
  { clock, systems, host }: Surroundings,
): () => void {
  let isDigestTold = false;
  let isRegistered = types.length === 0;
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    const limit = clock.limit(askLimitMs);
    try {
      await directory.ping(limit.signal);
      if (!isRegistered) await directory.registerTypes(types);
      isRegistered = true;
      if (!isDigestTold && (await directory.mayHaveDigests(limit.signal))) {
        isDigestTold = true;
        host.send({ type: 'digests_asked' });
      }
      systems.answered('mysql');
    } catch (error) {
      systems.failed('mysql', messageOf(error));
    } finally {
      limit.clear();
      isAsking = false;
    }
  };
  void ask();
  return clock.every(askEveryMs, () => void ask());
}
