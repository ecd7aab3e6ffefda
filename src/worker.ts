import './runtime/exit-with-parent.js';
import { systemClock, systemRandom } from './runtime/clock.js';
import { fromWireConfig } from './runtime/config-wire.js';
import { startProcessGauges } from './runtime/process-gauges.js';
import { keepHeapSmall } from './runtime/small-heap.js';
import { SystemsSeen } from './runtime/systems-seen.js';
import { hostWorker, type StartMessage, type WorkerHost, type WorkerParts } from './runtime/worker-host.js';
import { createTelemetry } from './telemetry/create-telemetry.js';
import { openLineSink } from './telemetry/line-sink.js';
import type { LogConfig } from './telemetry/logger.js';
import type { Surroundings } from './worker/surroundings.js';

/** What every stage is told, besides its own piece. */
export interface CommonConfig {
  readonly instance: string;
  readonly log: LogConfig;
}

function surroundings(start: StartMessage, host: WorkerHost): Surroundings {
  const common = fromWireConfig<CommonConfig>(start.config);
  // What ps and top show: an operator sees which stage burns the processor.
  process.title = `mon-notification: ${start.stage} ${start.index}`;
  const telemetry = createTelemetry({
    process: `${start.stage}-${start.index}`,
    log: common.log,
    sink: openLineSink(2),
    clock: systemClock,
  });
  startProcessGauges(start.stage, telemetry, systemClock);
  const systems = new SystemsSeen(systemClock);
  return {
    host,
    clock: systemClock,
    random: systemRandom,
    telemetry,
    systems,
    index: start.index,
    instance: common.instance,
  };
}

/** Each stage is imported where it is built, so that a process loads the client libraries of its own stage only. */
async function build(start: StartMessage, host: WorkerHost): Promise<WorkerParts> {
  const around = surroundings(start, host);
  switch (start.stage) {
    case 'kafka_consumer':
      return (await import('./worker/kafka-consumer.js')).kafkaConsumer(fromWireConfig(start.config), around);
    case 'retry_engine':
      return (await import('./worker/waiting-engine.js')).retryEngine(fromWireConfig(start.config), around);
    case 'periodic_engine':
      return (await import('./worker/waiting-engine.js')).periodicEngine(fromWireConfig(start.config), around);
    case 'alarm_processor':
      return (await import('./worker/alarm-processor.js')).alarmProcessor(fromWireConfig(start.config), around);
    case 'notification_processor':
      return (await import('./worker/notification-processor.js')).notificationProcessor(
        fromWireConfig(start.config),
        around,
      );
    case 'sent_notification_processor':
      return (await import('./worker/sent-notification-processor.js')).sentNotificationProcessor(
        fromWireConfig(start.config),
        around,
      );
    case 'digest':
      return (await import('./worker/digest.js')).digest(fromWireConfig(start.config), around);
    default:
      throw new TypeError(`unknown stage ${start.stage}`);
  }
}

keepHeapSmall();
hostWorker(systemClock, build);
