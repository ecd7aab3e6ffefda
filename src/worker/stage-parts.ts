import type { StageOutcome } from '../domain/outcome.js';
import type { AlarmPosition, Positioned } from '../domain/position.js';
import type { Stage } from '../ports/flow.js';
import type { ToWorker } from '../runtime/protocol.js';
import { StageLoop } from '../runtime/stage-loop.js';
import type { WorkerParts } from '../runtime/worker-host.js';
import type { MetricSnapshot } from '../telemetry/metric-store.js';
import type { Surroundings } from './surroundings.js';

export interface StageParts<In extends Positioned, Out> {
  readonly stage: Stage<In, Out>;
  readonly inHandCount: number;
  decode(position: AlarmPosition, payload: string): In;
  encode(item: Out): string;
  quarantine?(position: AlarmPosition, payload: string, signal: AbortSignal): Promise<StageOutcome<Out>>;
  /** Beats of the lease, for a stage that sends. */
  onLease?(endsAtMonoMs: number, endsAtMs: number): void;
  notes?(): readonly string[];
  /** Figures read when they are asked for, beside what was counted. */
  metrics?(): MetricSnapshot;
  /** What was opened for the stage and outlives its own `close`. */
  close(): Promise<void>;
}

/** A stage under the stage loop: the whole of a worker that takes and answers. */
export function stageParts<In extends Positioned, Out>(parts: StageParts<In, Out>, around: Surroundings): WorkerParts {
  const loop = new StageLoop<In, Out>({
    link: around.host,
    clock: around.clock,
    inHandCount: parts.inHandCount,
    decode: parts.decode,
    process: (item, signal) => parts.stage.process(item, signal),
    ...(parts.quarantine === undefined ? {} : { quarantine: parts.quarantine }),
    encode: parts.encode,
    crash: (error) => around.host.crash(error),
  });
  return {
    handle(message: ToWorker) {
      if (message.type === 'lease') parts.onLease?.(message.endsAtMonoMs, message.endsAtMs);
      if (message.type === 'lease' || message.type === 'work' || message.type === 'quarantine') loop.handle(message);
    },
    systems: () => around.systems.all(),
    metrics: () => ({ ...around.telemetry.snapshot(), ...parts.metrics?.() }),
    notes: () => parts.notes?.() ?? [],
    async close() {
      loop.close();
      await parts.stage.close();
      await parts.close();
    },
  };
}
