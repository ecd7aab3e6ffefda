import { messageOf } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

export interface StopStep {
  readonly name: string;
  readonly limitMs: number;
  run(signal: AbortSignal): Promise<unknown>;
}

/**
 * Runs the steps of a stop one after another, each within its own limit.
 *
 * A step that fails or runs out of time is told and does not keep the later ones from running: each of them makes the end better than it
 * would be without.
 */
export async function runStopSteps(steps: readonly StopStep[], clock: Clock, telemetry: Telemetry): Promise<void> {
  for (const step of steps) {
    const startedAtMonoMs = clock.monoMs();
    const limit = clock.limit(step.limitMs);
    try {
      const late = new Promise<'late'>((resolve) => limit.signal.addEventListener('abort', () => resolve('late')));
      const how = await Promise.race([step.run(limit.signal).then(() => 'in time' as const), late]);
      const elapsedMs = Math.round(clock.monoMs() - startedAtMonoMs);
      if (how === 'late')
        telemetry.event('stop_step_failed', { step: step.name, elapsed_ms: elapsedMs, detail: 'took too long' });
      else telemetry.event('stop_step', { step: step.name, elapsed_ms: elapsedMs });
    } catch (error) {
      telemetry.event('stop_step_failed', { step: step.name, detail: messageOf(error) });
    } finally {
      limit.clear();
    }
  }
}
