import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const lookEveryMs = 100;
const tellEveryMs = 1000;

/**
 * Measures this process under its stage, `main` included: resident memory, and by how much its event loop was late at worst in the last
 * second. Node's own delay histogram is not used: its `reset` forgets a delay that is just ending.
 */
export function startProcessGauges(stage: string, telemetry: Telemetry, clock: Clock): () => void {
  let lookedAtMonoMs = clock.monoMs();
  let toldAtMonoMs = lookedAtMonoMs;
  let worstMs = 0;
  return clock.every(lookEveryMs, () => {
    const nowMonoMs = clock.monoMs();
    worstMs = Math.max(worstMs, nowMonoMs - lookedAtMonoMs - lookEveryMs);
    lookedAtMonoMs = nowMonoMs;
    if (nowMonoMs - toldAtMonoMs < tellEveryMs) return;
    telemetry.gauge('worker_resident_bytes', process.memoryUsage.rss(), { stage });
    telemetry.gauge('event_loop_delay_seconds', worstMs / 1000, { stage });
    toldAtMonoMs = nowMonoMs;
    worstMs = 0;
  });
}
