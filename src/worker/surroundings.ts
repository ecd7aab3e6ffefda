import type { Clock, Random } from '../ports/system.js';
import type { SystemsSeen } from '../runtime/systems-seen.js';
import type { WorkerHost } from '../runtime/worker-host.js';
import type { ProcessTelemetry } from '../telemetry/create-telemetry.js';

/** What every worker has around it, whatever its stage. */
export interface Surroundings {
  readonly host: WorkerHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: ProcessTelemetry;
  readonly systems: SystemsSeen;
  /** 0 for the first worker of its stage: what must happen once happens there. */
  readonly index: number;
  /** Names the engine in the records that it writes. */
  readonly instance: string;
}

/** What a Kafka client of this worker needs; its answers and failures are what readiness sees of Kafka. */
export function kafkaDeps(around: Surroundings) {
  const { clock, random, telemetry, systems } = around;
  return {
    clock,
    random,
    telemetry,
    onAnswered: () => systems.answered('kafka'),
    onFailure: (failure: string) => systems.failed('kafka', failure),
  };
}
