import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { ConfigurationError } from '../../domain/errors.js';
import type { NatsLibrary } from './library.js';

export const statusSubject = 'AlarmStatusChanged';
export const commandSubject = 'SendAlarmDigest';
export const digestSubject = 'AlarmDigest';
export const deadLetterSubject = 'AlarmDigestDeadLetters';
export const workerSubject = 'DigestWorker';

const nsPerMs = 1_000_000;
const dayMs = 86_400_000;
const ackWaitMs = 30_000;
/** The back-pressure of the server: so many messages may be in our hands. */
const maxAckPending = 10_000;

/** One durable consumer of ours; `isWorkQueue`: the stream holds nothing that is acknowledged. */
export interface Intake {
  readonly stream: string;
  readonly durable: string;
  readonly filter: string | undefined;
  readonly isWorkQueue: boolean;
}

/**
 * Sees to it that streams hold our subjects: creates those that are missing, alters none. Gives the consumers for the input.
 *
 * A stream of somebody else that holds a subject is used as it is; only the messages of our subjects are read from it.
 */
export async function prepareStreams(
  library: NatsLibrary,
  jsm: JetStreamManager,
  tombstoneDays: number,
): Promise<readonly Intake[]> {
  const { RetentionPolicy, StorageType } = library.jetstream;
  const file = { storage: StorageType.File } as const;
  const inputs = [statusSubject, commandSubject];
  await holdSubjects(jsm, 'ALARMS', inputs, { ...file, retention: RetentionPolicy.Workqueue });
  await holdSubjects(jsm, 'ALARM_DIGESTS', [digestSubject, deadLetterSubject], {
    ...{ ...file, max_age: 7 * dayMs * nsPerMs, duplicate_window: 120_000 * nsPerMs },
  });
  const byStream = new Map<string, string[]>();
  for (const subject of inputs) {
    const stream = await jsm.streams.find(subject);
    byStream.set(stream, [...(byStream.get(stream) ?? []), subject]);
  }
  const intakes: Intake[] = [];
  for (const [stream, subjects] of byStream) {
    const { config } = await jsm.streams.info(stream);
    const isWorkQueue = config.retention === RetentionPolicy.Workqueue;
    const ageDays = config.max_age === 0 ? Number.POSITIVE_INFINITY : config.max_age / nsPerMs / dayMs;
    if (!isWorkQueue && ageDays >= tombstoneDays) {
      const text = `stream ${stream} keeps messages for ${ageDays} days, and the digest remembers cleared alarms for ${tombstoneDays}`;
      throw new ConfigurationError('CONFIG_INVALID', `${text}; lower max_age of the stream, or raise --tombstone-days`);
    }
    // One consumer without filter keeps alarms and commands in the stream's order; a foreign stream with more in it allows only one each.
    if (config.subjects.every((subject) => inputs.includes(subject))) {
      intakes.push({ stream, durable: 'digest', filter: undefined, isWorkQueue });
    } else {
      for (const filter of subjects) intakes.push({ stream, durable: `digest-${filter}`, filter, isWorkQueue });
    }
  }
  return intakes;
}

/** The stream between router and workers, and the consumer of one worker. */
export async function prepareWorkerStream(library: NatsLibrary, jsm: JetStreamManager): Promise<void> {
  const { RetentionPolicy, StorageType } = library.jetstream;
  const config = { storage: StorageType.File, retention: RetentionPolicy.Workqueue } as const;
  await holdSubjects(jsm, 'DIGEST_WORKERS', [`${workerSubject}.*`], config);
}

export function workerIntake(worker: number): Intake {
  return {
    stream: 'DIGEST_WORKERS',
    durable: `worker-${worker}`,
    filter: `${workerSubject}.${worker}`,
    isWorkQueue: true,
  };
}

async function holdSubjects(
  jsm: JetStreamManager,
  name: string,
  subjects: readonly string[],
  config: Partial<StreamConfig>,
): Promise<void> {
  const missing: string[] = [];
  for (const subject of subjects) {
    const held = await jsm.streams.find(subject.replace('*', '0')).catch((error: unknown) => {
      if (error instanceof Error && /no stream matches/i.test(error.message)) return undefined;
      throw error;
    });
    if (held === undefined) missing.push(subject);
  }
  if (missing.length > 0) await jsm.streams.add({ name, subjects: missing, ...config });
}

/**
 * Makes the durable consumer. `anew`: what a former owner had in hand is delivered again at once, not after `ack_wait`; only where
 * acknowledged messages are gone from the stream, since elsewhere all would come again.
 */
export async function prepareConsumer(
  library: NatsLibrary,
  jsm: JetStreamManager,
  intake: Intake,
  anew: boolean,
): Promise<void> {
  const { AckPolicy, DeliverPolicy } = library.jetstream;
  if (anew && intake.isWorkQueue) await jsm.consumers.delete(intake.stream, intake.durable).catch(() => false);
  await jsm.consumers.add(intake.stream, {
    durable_name: intake.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * nsPerMs,
    max_deliver: -1,
    max_ack_pending: maxAckPending,
    ...(intake.filter === undefined ? {} : { filter_subject: intake.filter }),
  });
}
