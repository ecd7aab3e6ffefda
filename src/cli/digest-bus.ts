import { openNats } from '../adapters/nats/connection.js';
import { commandSubject, digestSubject, statusSubject } from '../adapters/nats/streams.js';
import { EngineError } from '../domain/errors.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { commandTelemetry } from './command-telemetry.js';
import { openKafkaBus } from './digest-kafka-bus.js';
import type { DigestSettings } from './digest-settings.js';

/** The digest from outside: what its users publish and hear. */
export interface DigestBus {
  /** Hands messages of one user on, in order; `flush` says when they have arrived. */
  publish(kind: 'status' | 'command', userId: string, text: string): void;
  flush(): Promise<void>;
  /** From now on, every AlarmDigest as it was published. */
  listen(hear: (text: string) => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens it. `isOrdered`: a command must not overtake the alarms that were published before it, whatever the transport.
 *
 * @throws EngineError, saying what to check, when the broker does not answer within `limitMs`.
 */
export async function openDigestBus(
  settings: DigestSettings,
  limitMs: number,
  { isOrdered }: { readonly isOrdered: boolean },
): Promise<DigestBus> {
  const limit = systemClock.limit(limitMs);
  try {
    if (settings.transport === 'kafka') return await openKafkaBus(settings, isOrdered, limit.signal);
    return await openNatsBus(settings, limit.signal);
  } catch (error) {
    if (!limit.expired) throw error;
    const text = `no answer from ${settings.transport} within ${limitMs / 1_000} s`;
    const advice = 'check that the server runs, and --nats, or kafka.url in the configuration';
    throw new EngineError('STORE_UNAVAILABLE', `${text}; ${advice}`, { retriable: true, cause: error });
  } finally {
    limit.clear();
  }
}

async function openNatsBus({ natsServers }: DigestSettings, signal: AbortSignal): Promise<DigestBus> {
  const deps = { clock: systemClock, random: systemRandom, telemetry: commandTelemetry() };
  const { nats, close } = await openNats(natsServers, 'mon-notification digest client', deps, signal);
  return {
    publish: (kind, _userId, text) => nats.publish(kind === 'status' ? statusSubject : commandSubject, text),
    flush: () => nats.flush(),
    async listen(hear) {
      nats.subscribe(digestSubject, {
        callback: (error, message) => (error === null ? hear(message.string()) : undefined),
      });
      await nats.flush();
    },
    close,
  };
}
