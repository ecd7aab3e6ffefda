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
  /** Names the engine in the records that it writes. */
  readonly instance: string;
}
