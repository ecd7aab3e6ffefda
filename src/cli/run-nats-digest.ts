import { type NatsDeps, type NatsLink, openNats } from '../adapters/nats/connection.js';
import { runCoreDigest } from '../adapters/nats/core-digest.js';
import { runJetstreamDigest } from '../adapters/nats/jetstream-digest.js';
import { offersJetstream } from '../adapters/nats/jetstream-parts.js';
import type { NatsMessage } from '../adapters/nats/nats-message.js';
import { WorkerSet } from '../digest/worker-set.js';
import { ConfigurationError, isGivenUp, messageOf } from '../domain/errors.js';
import type { DigestSettings } from './digest-settings.js';
import type { DigestState } from './digest-view.js';

const againMs = 1_000;

/** Runs the digest on NATS until `stop` aborts. @throws CONFIG_INVALID when what was asked for cannot be. */
export async function runNatsDigest(
  settings: DigestSettings,
  deps: NatsDeps,
  state: DigestState,
  stop: AbortSignal,
): Promise<void> {
  const link = await openNats(settings.natsServers, `mon-notification digest ${settings.instance}`, deps, stop).catch(
    unlessStopped(stop),
  );
  if (link === undefined) return;
  const workers = new WorkerSet<NatsMessage>(settings.workerCount, settings.rules, deps);
  state.isConnected = link.isUp;
  state.ownedCount = () => workers.ownedCount;
  try {
    const isDurable = await usesJetstream(link, settings, deps, stop);
    state.isDurable = isDurable !== false;
    if (isDurable === undefined) return;
    const { lock, instance } = settings;
    const options = { lock, instance, tombstoneDays: settings.rules.tombstoneDays };
    if (isDurable) await runJetstreamDigest(link, workers, options, deps, stop);
    else await runCoreDigest(link, workers, deps, stop);
  } finally {
    workers.close();
    await link.close();
  }
}

/** Undefined when `stop` came first. */
async function usesJetstream(
  link: NatsLink,
  { jetstream }: DigestSettings,
  { clock, telemetry }: NatsDeps,
  stop: AbortSignal,
): Promise<boolean | undefined> {
  if (jetstream === 'off') return false;
  for (let failures = 0; !stop.aborted; failures += 1) {
    try {
      const isOffered = await offersJetstream(link);
      if (!isOffered && jetstream === 'on') {
        const text = 'the NATS server offers no JetStream to this account: start it with -js, or say --jetstream off';
        throw new ConfigurationError('CONFIG_INVALID', text);
      }
      if (!isOffered) telemetry.event('digest_not_durable');
      return isOffered;
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      if (failures % 30 === 0) telemetry.event('nats_away', { error: messageOf(error) });
      await clock.sleep(againMs, stop);
    }
  }
  return undefined;
}

function unlessStopped(stop: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (stop.aborted && isGivenUp(error)) return undefined;
    throw error;
  };
}
