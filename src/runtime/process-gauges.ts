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
    const residentBytes = residentBytesNow();
    if (residentBytes !== undefined) telemetry.gauge('worker_resident_bytes', residentBytes, { stage });
    telemetry.gauge('event_loop_delay_seconds', worstMs / 1000, { stage });
    toldAtMonoMs = nowMonoMs;
    worstMs = 0;
  });
}

/** Node reads it from a file: a process that may open no more of them must not end for a figure. */
function residentBytesNow(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
