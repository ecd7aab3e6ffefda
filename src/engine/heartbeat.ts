import type { EngineView } from '../admin/engine-view.js';
import { messageOf } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const lookEveryMs = 1_000;

export interface HeartbeatParts {
  readonly view: Pick<EngineView, 'status' | 'health' | 'ready'>;
  readonly intervalMs: number;
  /** One sign of life; resolves when it was taken, and ends by itself before the next one. @throws EngineError that names no more than the host. */
  ping(signal: AbortSignal): Promise<void>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Tells a dead man's switch that the engine works: at once when it does, then once per interval, and not at all while it does not.
 *
 * It works while it is active, healthy and ready; one that stands by says nothing, so a group with two engines is one sender. A ping that
 * fails is told once, and the next one is a new try. Returns how to end it.
 */
export function startHeartbeat({ view, intervalMs, ping, clock, telemetry }: HeartbeatParts): () => Promise<void> {
  const ending = new AbortController();
  let nextAtMonoMs = 0;
  let wasTaken: boolean | undefined;
  let underWay = Promise.resolve();
  const beat = async () => {
    try {
      await ping(ending.signal);
      telemetry.count('heartbeats_total', { result: 'taken' });
      if (wasTaken !== true) telemetry.event('heartbeat_taken');
      wasTaken = true;
    } catch (error) {
      if (ending.signal.aborted) return;
      telemetry.count('heartbeats_total', { result: 'failed' });
      if (wasTaken !== false) telemetry.event('heartbeat_failed', { error: messageOf(error) });
      wasTaken = false;
    }
  };
  const look = () => {
    const works = view.status().role === 'active' && view.health().ok && view.ready().ready;
    if (!works || clock.monoMs() < nextAtMonoMs) return;
    nextAtMonoMs = clock.monoMs() + intervalMs;
    underWay = beat();
  };
  const stopLooking = clock.every(Math.min(lookEveryMs, intervalMs), look);
  return async () => {
    stopLooking();
    ending.abort();
    await underWay;
  };
}
