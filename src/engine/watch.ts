import type { EngineView } from '../admin/engine-view.js';
import type { Clock } from '../ports/system.js';
import type { Pipeline } from '../runtime/pipeline.js';
import type { ServiceNotify } from '../runtime/service-notify.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const lookEveryMs = 1_000;

export interface Watched {
  readonly view: EngineView;
  readonly pipeline: Pipeline;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly notify: ServiceNotify;
}

/** Looks once a second: tells how full the queues are, when the engine becomes ready or ceases to be, and its role to the service manager. */
export function watchEngine({ view, pipeline, telemetry, clock, notify }: Watched): () => void {
  let wasReady: boolean | undefined;
  let lastRole = 'starting';
  return clock.every(lookEveryMs, () => {
    const { role } = view.status();
    // Stopping is told by who asks for it; an engine that never ran must not be taken for one that did.
    if (role !== lastRole && role !== 'stopping') {
      if (lastRole === 'starting') notify.ready(role);
      else notify.status(role);
      lastRole = role;
    }
    telemetry.gauge('in_flight_bytes', pipeline.bytes);
    for (const { name, length } of pipeline.queueLengths()) telemetry.gauge('queue_length', length, { queue: name });
    const { ready, reasons } = view.ready();
    if (ready === wasReady) return;
    wasReady = ready;
    if (ready) telemetry.event('engine_ready');
    else telemetry.event('engine_not_ready', { reasons });
  });
}
