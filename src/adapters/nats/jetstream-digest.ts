import { ConfigurationError, isGivenUp, messageOf } from '../../domain/errors.js';
import type { DigestWorkers } from '../../ports/digest.js';
import type { NatsDeps, NatsLink } from './connection.js';
import { demandShape, type JetstreamParts, openJetstream } from './jetstream-parts.js';
import { JetstreamTerm } from './jetstream-term.js';
import type { NatsMessage } from './nats-message.js';
import { OwnerLease } from './owner-lease.js';
import { WorkerShares } from './worker-shares.js';

const againMs = 500;

export interface JetstreamDigestOptions {
  readonly lock: 'topic' | 'partition';
  readonly instance: string;
  readonly tombstoneDays: number;
}

/** Runs the digest on JetStream until `stop` aborts: waits for its turn, works while it has it, and tries again when it lost it. */
export async function runJetstreamDigest(
  link: NatsLink,
  workers: DigestWorkers<NatsMessage>,
  { lock, instance, tombstoneDays }: JetstreamDigestOptions,
  deps: NatsDeps,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      const parts = await openJetstream(link, deps, { lock, tombstoneDays });
      await demandShape(parts, workers.count, lock);
      if (lock === 'topic') await oneTerm(parts, workers, instance, stop);
      else await new WorkerShares(parts, workers, instance).run(stop);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      if (stop.aborted) return;
      // What is no error of ours is the client's: it did not answer, or the server refused.
      deps.telemetry.event('digest_gave_up', { error: messageOf(error) });
      await deps.clock.sleep(againMs * (0.5 + deps.random()), stop);
    }
  }
}

async function oneTerm(
  parts: JetstreamParts,
  workers: DigestWorkers<NatsMessage>,
  instance: string,
  stop: AbortSignal,
): Promise<void> {
  const lease = await OwnerLease.acquire(parts.owners, 'all', instance, parts.deps, stop).catch((error: unknown) => {
    if (isGivenUp(error)) return undefined;
    throw error;
  });
  if (lease === undefined) return;
  try {
    const all = Array.from({ length: workers.count }, (_, index) => index);
    await new JetstreamTerm(parts, workers, { lease, workers: all, intakes: parts.intakes }).run(stop);
    // Acknowledgements are on their way only when the server has answered behind them.
    await parts.link.nats.flush();
  } finally {
    await lease.release();
  }
}
