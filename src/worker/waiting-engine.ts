import { KafkaAlarmSource } from '../adapters/kafka/alarm-source.js';
import type { KafkaConnection } from '../adapters/kafka/connection-options.js';
import { KafkaDeadLetters } from '../adapters/kafka/dead-letters.js';
import { KafkaMessageLookup } from '../adapters/kafka/message-lookup.js';
import { KafkaOffsetMirror } from '../adapters/kafka/offset-mirror.js';
import { KafkaProducer } from '../adapters/kafka/producer.js';
import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import type { MysqlOptions } from '../adapters/mysql/pool.js';
import { CanaryDirectory } from '../canary/canary-directory.js';
import { type AlarmPosition, isNonEmpty, type NonEmpty } from '../domain/position.js';
import { RepeatPlan } from '../periodic/repeat-plan.js';
import type { MethodDirectory } from '../ports/directory.js';
import type { AlarmSource, DeadLetters, MessageLookup, SourceEvent } from '../ports/flow.js';
import { RetryPlan } from '../retry/retry-plan.js';
import type { FromWorker } from '../runtime/protocol.js';
import type { SourceLoop } from '../runtime/source-loop.js';
import { toWireParcel, toWirePosition } from '../runtime/wire.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import type { WaitingOutlet, WaitingPlan } from '../waiting/due-flow.js';
import { WaitingEngine } from '../waiting/waiting-engine.js';
import { type SourceClients, SourceParts } from './source-parts.js';
import { kafkaDeps, type Surroundings } from './surroundings.js';

/** What a worker needs that reads a topic of what waits for its time. */
export interface WaitingEngineConfig {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly topics: NonEmpty<string>;
  readonly deadLetterTopic: string;
  /** How far reading may run ahead of the committed offset, in offsets per partition. */
  readonly windowCount: number;
  readonly mysql: MysqlOptions;
}

export interface RetryEngineConfig extends WaitingEngineConfig {
  readonly intervalMs: number;
  /** Undefined: alarms never expire. */
  readonly ttlMs: number | undefined;
}

/** The outside of an engine of what waits. */
export interface WaitingClients extends SourceClients {
  readonly source: AlarmSource;
  readonly lookup: MessageLookup;
  readonly deadLetters: DeadLetters;
  close(): Promise<void>;
}

/** Three numbers each, so that all of them together take some tens of megabytes. */
const waitingCapacity = 1_000_000;

/** A source that holds what it reads until it is due. `gauge` tells how many wait. */
export function waitingParts(
  around: Surroundings,
  { windowCount, gauge }: { readonly windowCount: number; readonly gauge: 'retries_waiting' | 'repeats_waiting' },
  plan: WaitingPlan,
  open: (tell: (event: SourceEvent) => void) => WaitingClients,
): SourceParts {
  return new SourceParts(around, windowCount, (loop, tell) => {
    const clients = open(tell);
    const outlet = outletOf(loop, (message) => around.host.send(message));
    const engine = new WaitingEngine({ ...around, ...clients, plan, outlet, capacity: waitingCapacity });
    return {
      ...clients,
      reader: {
        run: (signal) => engine.run(signal),
        reset: () => engine.reset(),
        resume: (partition, isFinished) => engine.resume(partition, isFinished),
        pause: (partition) => engine.pause(partition),
        metrics: () => around.telemetry.gauge(gauge, engine.waitingCount),
        close: () => clients.close(),
      },
    };
  });
}

function outletOf(loop: SourceLoop, send: (message: FromWorker) => void): WaitingOutlet {
  const wire = (positions: readonly AlarmPosition[]) => positions.map(toWirePosition);
  return {
    held: (list) => {
      const positions = wire(list);
      if (isNonEmpty(positions)) send({ type: 'held', term: loop.term, positions });
    },
    finished: (list, reason) => {
      const positions = wire(list);
      if (isNonEmpty(positions)) send({ type: 'finished', term: loop.term, positions, reason });
    },
    room: (count) => loop.room(loop.term, count),
    done: () => loop.done(),
    give: async (list) => {
      const parcels = list.map(toWireParcel);
      if (isNonEmpty(parcels)) await loop.give(loop.term, parcels);
    },
  };
}

function openClients(
  config: WaitingEngineConfig,
  around: Surroundings,
  directory: MethodDirectory,
  onEvent: (event: SourceEvent) => void,
): WaitingClients {
  const { connection, windowCount, topics } = config;
  const kafka = kafkaDeps(around);
  const producer = new KafkaProducer(connection, kafka);
  const lookup = new KafkaMessageLookup(connection, kafka);
  return {
    source: new KafkaAlarmSource({ connection, topics, windowCount }, { ...kafka, onEvent }),
    mirror: new KafkaOffsetMirror(connection, config.group, around),
    lookup,
    deadLetters: new KafkaDeadLetters(producer, config.deadLetterTopic, around),
    close: async () => {
      await Promise.all([lookup.close(), directory.close(), producer.close()]);
    },
  };
}

/** The worker that holds failed sends until their time has come, and gives them to the flow again. */
export function retryEngine(config: RetryEngineConfig, around: Surroundings): WorkerParts {
  const directory = new CanaryDirectory(new MysqlMethodDirectory(config.mysql, around));
  const plan = new RetryPlan({ directory, intervalMs: config.intervalMs, ttlMs: config.ttlMs });
  const is = { windowCount: config.windowCount, gauge: 'retries_waiting' } as const;
  const parts = waitingParts(around, is, plan, (tell) => openClients(config, around, directory, tell));
  parts.start();
  return parts;
}

/** The worker that holds what is to be told again until its time has come, and gives it to the flow if it is still so. */
export function periodicEngine(config: WaitingEngineConfig, around: Surroundings): WorkerParts {
  const directory = new MysqlMethodDirectory(config.mysql, around);
  const is = { windowCount: config.windowCount, gauge: 'repeats_waiting' } as const;
  const parts = waitingParts(around, is, new RepeatPlan(directory), (tell) =>
    openClients(config, around, directory, tell),
  );
  parts.start();
  return parts;
}
