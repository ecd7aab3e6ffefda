import { messageOf } from '../domain/errors.js';
import type { ProcessTelemetry } from '../telemetry/create-telemetry.js';

const exitCode = 1;

/**
 * Ends the main process at an error that nobody caught, with a last line that says so.
 *
 * Such an error may have left anything half done. Nothing is committed after it and nothing is drained: the workers end with this process, the
 * locks with its session, and what was under way is told again by whoever comes after.
 */
export function endAtFaults(telemetry: Pick<ProcessTelemetry, 'event' | 'flush' | 'close'>): void {
  const end = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    const failure = { code: 'INTERNAL_ERROR', detail: messageOf(error) };
    telemetry.event('engine_failed', { ...failure, stack });
    telemetry.event('engine_stopped', { exit_code: exitCode, ...failure });
    telemetry.flush();
    telemetry.close();
    process.exit(exitCode);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
