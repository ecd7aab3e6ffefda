import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { ConfigurationError } from '../../domain/errors.js';
import type { NatsDeps, NatsLink } from './connection.js';
import { isWrongRevision } from './library.js';
import { leaseMs } from './owner-lease.js';
import { type Intake, prepareStreams, prepareWorkerStream } from './streams.js';

/** Everything of JetStream that the digest uses. */
export interface JetstreamParts {
  readonly link: NatsLink;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** Bucket `DIGEST_STATE`: one entry per alarm. */
  readonly state: KV;
  readonly stateStream: string;
  /** Bucket `DIGEST_OWNERS`: leases, which expire. */
  readonly owners: KV;
  readonly intakes: readonly Intake[];
  readonly deps: NatsDeps;
}

const jetstreamDisabledCodes: readonly unknown[] = [10_039, 10_076];

/** Whether the server offers JetStream to us. @throws what NATS throws when it does not answer. */
export async function offersJetstream(link: NatsLink): Promise<boolean> {
  try {
    await link.library.jetstream.jetstreamManager(link.nats, { checkAPI: true });
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? error.code : undefined;
    if (error.name === 'JetStreamNotEnabled' || jetstreamDisabledCodes.includes(code)) return false;
    if (error.name === 'NoRespondersError' || /no responders|not enabled/i.test(error.message)) return false;
    throw error;
  }
}

/** Makes buckets and streams that are missing. @throws what NATS throws. */
export async function openJetstream(
  link: NatsLink,
  deps: NatsDeps,
  { lock, tombstoneDays }: { readonly lock: 'topic' | 'partition'; readonly tombstoneDays: number },
): Promise<JetstreamParts> {
  const { jetstream, kv } = link.library;
  const jsm = await jetstream.jetstreamManager(link.nats);
  const js = jsm.jetstream();
  const buckets = new kv.Kvm(js);
  // Direct reads may come from a replica that is behind; whoever asks for a lease needs the truth.
  const common = { history: 1, allow_direct: false, storage: jetstream.StorageType.File };
  const state = await buckets.create('DIGEST_STATE', common);
  const owners = await buckets.create('DIGEST_OWNERS', { ...common, ttl: leaseMs });
  const intakes = await prepareStreams(link.library, jsm, tombstoneDays);
  if (lock === 'partition') await prepareWorkerStream(link.library, jsm);
  return { link, js, jsm, state, stateStream: 'KV_DIGEST_STATE', owners, intakes, deps };
}

/**
 * Compares the shape of the deployment with the one that is recorded; records it when there is none, or when nobody works.
 *
 * @throws CONFIG_INVALID when an instance of another shape is at work.
 */
export async function demandShape({ state, owners }: JetstreamParts, workers: number, lock: string): Promise<void> {
  const shape = `${workers} ${lock}`;
  for (;;) {
    const recorded = await state.get('shape');
    if (recorded?.operation === 'PUT' && recorded.string() === shape) return;
    const living: string[] = [];
    if (recorded !== null) for await (const key of await owners.keys()) living.push(key);
    if (recorded !== null && living.length > 0) {
      const text = `the digest works with --workers and --lock ${recorded.string()}, not ${shape}; ${living.join(', ')} is owned`;
      throw new ConfigurationError('CONFIG_INVALID', `${text}; stop all instances before changing them`);
    }
    try {
      await state.put('shape', shape, { previousSeq: recorded?.revision ?? 0 });
      return;
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
    }
  }
}
