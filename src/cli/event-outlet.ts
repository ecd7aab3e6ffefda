import { hostname } from 'node:os';
import { KafkaProducer } from '../adapters/kafka/producer.js';
import { loadKafkaConfig } from '../config/load-kafka.js';
import { problemText } from '../config/problem.js';
import type { EventSource } from '../domain/alarm-event.js';
import { kafkaConnection } from '../engine/outside-options.js';
import { EventSink } from '../producers/event-sink.js';
import { KafkaHealth } from '../producers/kafka-health.js';
import { ProducerState } from '../producers/producer-state.js';
import { stateFile } from '../producers/state-file.js';
import { ownStateFile } from '../producers/state-owner.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { CommandIo } from './command.js';
import { configFile, warningText } from './configuration.js';
import { packageVersion } from './version.js';

/** Between events Kafka is asked so often whether it is there. */
const lookEveryMs = 5_000;

/** The alarm topic as a producer sees it. */
export interface EventOutlet {
  readonly sink: EventSink;
  /** Keys of the alarms that an earlier run told of. */
  knownKeys(): readonly string[];
  /** Why Kafka takes nothing at present; undefined while it does. */
  problem(): string | undefined;
}

export interface EventOutletOptions {
  /** The configuration that the command line names, if it does. */
  readonly engineConfig: string | undefined;
  readonly stateFile: string;
  readonly keyBy: 'tenant' | 'alarm';
  /** Keeps programs and what they watch apart in one state file. */
  readonly scope: string;
  readonly type: EventSource['type'];
  readonly onStateWrite: (result: 'ok' | 'failed') => void;
  readonly telemetry: Telemetry;
  readonly io: CommandIo;
}

/**
 * Opens the way of a producer to the alarm topic: its state file, and Kafka as the engine's configuration names it. What is wrong with that
 * goes to stderr. From now on Kafka is asked whether it is there.
 *
 * @throws STORE_UNAVAILABLE when the state cannot be kept, or another process keeps its own in that file.
 */
export async function openEventOutlet(options: EventOutletOptions): Promise<EventOutlet | 'wrong configuration'> {
  const { io, telemetry } = options;
  const loaded = loadKafkaConfig(configFile(options.engineConfig, io), io.environment);
  for (const warning of loaded.warnings) io.err(warningText(warning));
  if (loaded.kind !== 'valid') {
    for (const problem of loaded.problems) io.err(problemText(problem));
    return 'wrong configuration';
  }
  // Elsewhere sockets cannot have such names, and running one producer per file is up to people.
  if (process.platform === 'linux') await ownStateFile(options.stateFile, process.pid, systemClock);
  const scope = { scope: options.scope, clock: systemClock, onWrite: options.onStateWrite };
  const { state, problem } = await ProducerState.open(stateFile(options.stateFile), scope);
  if (problem !== undefined) telemetry.event('producer_state_new', { msg: problem });
  const health = new KafkaHealth();
  const producer = new KafkaProducer(kafkaConnection(loaded.config, `mon-notification-${options.type}`), {
    clock: systemClock,
    random: systemRandom,
    telemetry,
    onAnswered: () => health.answered(),
    onFailure: (failure) => health.failed(failure),
  });
  const topic = loaded.config.kafka.alarmTopic;
  void producer.look(topic);
  const stopLooking = systemClock.every(lookEveryMs, () => void producer.look(topic));
  const sink = new EventSink({
    state,
    publish: health.listenTo((message, signal) => producer.publish(topic, { ...message, headers: {} }, signal)),
    source: { type: options.type, instance: hostname(), version: packageVersion() },
    clock: systemClock,
    keyBy: options.keyBy,
    async close() {
      stopLooking();
      await producer.close();
    },
  });
  return { sink, knownKeys: () => state.keys(), problem: () => health.problem };
}
