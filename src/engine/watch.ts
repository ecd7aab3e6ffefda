import type { EngineView } from '../admin/engine-view.js';
import type { Clock } from '../ports/system.js';
import type { Pipeline } from '../runtime/pipeline.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const lookEveryMs = 1_000;

/** Tells once a second how full the queues are, and whenever the engine becomes ready or ceases to be. */
export function watchEngine(view: EngineView, pipeline: Pipeline, telemetry: Telemetry, clock: Clock): () => void {
  let wasReady: boolean | undefined;
  return clock.every(lookEveryMs, () => {
    for (const { name, length } of pipeline.queueLengths()) telemetry.gauge('queue_length', length, { queue: name });
    const { ready, reasons } = view.ready();
    if (ready === wasReady) return;
    wasReady = ready;
    if (ready) telemetry.event('engine_ready');
    else telemetry.event('engine_not_ready', { reasons });
  });
}
