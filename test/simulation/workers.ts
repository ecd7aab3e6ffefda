import { createSendGate } from '../../src/delivery/create-send-gate.js';
import {
  decodeNotificationGroup,
  decodeRawAlarm,
  decodeSettledAlarm,
  encodeNotificationGroup,
  encodeSettledAlarm,
} from '../../src/domain/codec.js';
import type { NotificationGroup } from '../../src/domain/notification.js';
import { RepeatPlan } from '../../src/periodic/repeat-plan.js';
import { repeatPolicy } from '../../src/periodic/repeat-policy.js';
import { RetryPlan } from '../../src/retry/retry-plan.js';
import { retryPolicy } from '../../src/retry/retry-policy.js';
import { SystemsSeen } from '../../src/runtime/systems-seen.js';
import type { WorkerHost, WorkerParts } from '../../src/runtime/worker-host.js';
import { WorkerLease } from '../../src/runtime/worker-lease.js';
import { AlarmProcessor } from '../../src/stages/alarm-processor.js';
import { NotificationProcessor } from '../../src/stages/notification-processor.js';
import { SentNotificationProcessor } from '../../src/stages/sent-notification-processor.js';
import type { ProcessTelemetry } from '../../src/telemetry/create-telemetry.js';
import { spanLimits } from '../../src/tracker/finished-set.js';
import { consumerParts } from '../../src/worker/kafka-consumer.js';
import { stageParts } from '../../src/worker/stage-parts.js';
import type { Surroundings } from '../../src/worker/surroundings.js';
import { waitingParts } from '../../src/worker/waiting-engine.js';
import type { SimBroker } from './broker.js';
import { type SimDatabase, SimDirectory } from './directory.js';
import { SimAlarmSource, SimProducer } from './kafka-clients.js';
import type { SimWorker } from './links.js';
import { type SenderWorld, SimNotifier } from './receivers.js';
import { minuteTopic, periodMs, retryTopic, SimLookup } from './waiting-topic.js';

export interface WorkerSurroundings extends SenderWorld {
  readonly broker: SimBroker;
  readonly database: SimDatabase;
  readonly windowCount: number;
  readonly inHandCount: number;
}

const retryIntervalMs = 30_000;
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };
/** Metrics and lines of workers decide nothing. */
const silentTelemetry: ProcessTelemetry = {
  event: quiet,
  count: quiet,
  gauge: quiet,
  observe: quiet,
  child: () => silentTelemetry,
  snapshot: () => ({}),
  pluginLogger: () => logger,
  flush: quiet,
  close: quiet,
};

/** Where the broker keeps retries to itself nothing is ever due. */
const idle: WorkerParts = {
  handle: quiet,
  systems: () => ({}),
  metrics: quiet,
  notes: () => [],
  close: () => Promise.resolve(),
};

/** The inside of a worker: the stages, loops, gate and lease of the engine on top of a simulated world. */
export function workerParts(worker: SimWorker, host: WorkerHost, world: WorkerSurroundings): WorkerParts {
  const { clock, chance } = worker.process;
  const around: Surroundings = {
    host,
    clock,
    random: chance.number,
    telemetry: silentTelemetry,
    systems: new SystemsSeen(clock),
    index: worker.ref.index,
    instance: worker.process.name,
  };
  switch (worker.ref.stage) {
    case 'kafka_consumer':
      return consumer(worker, around, world);
    case 'retry_engine':
      return waiting(worker, around, world, retryTopic);
    case 'periodic_engine':
      return waiting(worker, around, world, minuteTopic);
    case 'alarm_processor':
      return alarmProcessor(worker, around, world);
    case 'notification_processor':
      return notificationProcessor(worker, around, world);
    case 'sent_notification_processor':
      return sentProcessor(worker, around, world);
    default:
      throw new TypeError(`no worker is a ${worker.ref.stage}`);
  }
}

function consumer({ process }: SimWorker, around: Surroundings, world: WorkerSurroundings): WorkerParts {
  const mirror = { mirror: () => Promise.resolve(), close: () => Promise.resolve() };
  const parts = consumerParts(around, world.windowCount, (tell) => ({
    source: new SimAlarmSource(world.broker, process, world.windowCount, tell),
    mirror,
  }));
  parts.start();
  return parts;
}

function waiting(worker: SimWorker, around: Surroundings, world: WorkerSurroundings, name: string): WorkerParts {
  const topic = world.broker.waiting.get(name);
  if (topic === undefined) return idle;
  const directory = new SimDirectory(world.database, worker.process);
  const isRetry = name === retryTopic;
  const plan = isRetry
    ? new RetryPlan({ directory, intervalMs: retryIntervalMs, ttlMs: undefined })
    : new RepeatPlan(directory);
  const is = { windowCount: spanLimits.waiting, gauge: isRetry ? 'retries_waiting' : 'repeats_waiting' } as const;
  const parts = waitingParts(around, is, plan, (tell) => ({
    source: new SimAlarmSource(topic, worker.process, spanLimits.waiting, tell),
    mirror: { mirror: () => Promise.resolve(), close: () => Promise.resolve() },
    lookup: new SimLookup(topic, worker.process),
    deadLetters: new SimProducer(world.broker, worker.process, (at) => world.termOf(worker, at).term),
    close: () => Promise.resolve(),
  }));
  parts.start();
  return parts;
}

function alarmProcessor(worker: SimWorker, around: Surroundings, world: WorkerSurroundings): WorkerParts {
  const { clock, random, telemetry } = around;
  const directory = new SimDirectory(world.database, worker.process);
  const deadLetters = new SimProducer(world.broker, worker.process, (at) => world.termOf(worker, at).term);
  const digests = { fold: () => Promise.reject(new RangeError('nobody asks for digests here')) };
  const stage = new AlarmProcessor({ ttlMs: undefined }, { directory, deadLetters, digests, clock, random, telemetry });
  return stageParts(
    {
      stage,
      inHandCount: world.inHandCount,
      decode: decodeRawAlarm,
      encode: encodeNotificationGroup,
      close: () => Promise.resolve(),
    },
    around,
  );
}

function notificationProcessor(worker: SimWorker, around: Surroundings, world: WorkerSurroundings): WorkerParts {
  const { clock, random, telemetry } = around;
  const lease = new WorkerLease(clock);
  const notifiers = {
    open: new Map([['sim', new SimNotifier(world, worker)]]),
    unconfigured: new Map<string, string>(),
  };
  const limits = { concurrencyPerDestination: 8, senders: 2, ratePerDestination: undefined, retryIntervalMs };
  const { gate } = createSendGate(limits, { lease, clock, random, telemetry });
  const policies = {
    retry: retryPolicy({ baseMs: retryIntervalMs, capMs: 3_600_000, maxAttempts: 5 }, random),
    repeat: repeatPolicy(world.broker.waiting.size > 0 ? [{ periodMs, topic: minuteTopic }] : [], telemetry),
  };
  const stage = new NotificationProcessor({ notifiers, gate, policies, clock, telemetry });
  return stageParts(
    {
      stage: {
        name: stage.name,
        process: async (group, signal) => {
          if (isPoison(group)) return dieOf(worker);
          const outcome = await stage.process(group, signal);
          if (outcome.kind === 'forward')
            for (const { notification } of outcome.item.records) world.checker.settled(notification.id);
          return outcome;
        },
        close: () => stage.close(),
      },
      inHandCount: world.inHandCount,
      decode: decodeNotificationGroup,
      encode: encodeSettledAlarm,
      onLease: (endsAtMonoMs, endsAtMs) => lease.renew(endsAtMonoMs, endsAtMs),
      close: () => Promise.resolve(),
    },
    around,
  );
}

function sentProcessor(worker: SimWorker, around: Surroundings, world: WorkerSurroundings): WorkerParts {
  const producer = new SimProducer(world.broker, worker.process, (at) => world.termOf(worker, at).term);
  const stage = new SentNotificationProcessor(producer, producer);
  return stageParts(
    {
      stage,
      inHandCount: world.inHandCount,
      decode: decodeSettledAlarm,
      encode: (item: never) => item,
      quarantine: (position, payload, signal) => stage.quarantine(position, payload, signal),
      close: () => Promise.resolve(),
    },
    around,
  );
}

function isPoison({ notifications }: NotificationGroup): boolean {
  return notifications[0].alarm.alarmName === 'poison';
}

/** Whoever opens it is killed at once, with everything else that it holds. */
function dieOf({ process }: SimWorker): Promise<never> {
  process.scheduler.after(process.chance.delayMs(1), () => process.kill());
  return new Promise(() => undefined);
}
