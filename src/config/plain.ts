import { Secret } from '../domain/secret.js';
import type { StageName } from '../ports/flow.js';
import type { Fields } from '../ports/system.js';
import type { Config, NotifierSection, Tls } from './config.js';

const pieces = {
  kafka_consumer: ['kafka', 'log'],
  alarm_processor: ['kafka', 'mysql', 'processors', 'log'],
  notification_processor: ['notifierSections', 'enabledTypes', 'http', 'processors', 'retry', 'log'],
  sent_notification_processor: ['kafka', 'log'],
  retry_engine: ['kafka', 'mysql', 'processors', 'retry', 'log'],
  periodic_engine: ['kafka', 'mysql', 'processors', 'log'],
} as const satisfies Record<StageName, readonly (keyof Config)[]>;

/** The sections of the configuration that a stage needs, hence may see. */
export type StageConfig<S extends StageName = StageName> = Pick<Config, (typeof pieces)[S][number]>;

const secretMark = '$secret';

/** A stage's piece of the configuration as plain JSON values, secrets revealed: for the `start` message and for nothing else. */
export function workerConfig(config: Config, stage: StageName): Fields {
  return Object.fromEntries(pieces[stage].map((piece) => [piece, toPlain(config[piece])]));
}

/** Reads back, in the worker, what `workerConfig` wrote for this stage: secrets are secrets again. */
export function readWorkerConfig<S extends StageName>(_stage: S, fields: Fields): StageConfig<S> {
  return fromPlain(fields) as StageConfig<S>;
}

/** A section as its notifier takes it: plain values, secrets revealed. */
export function plainSection(section: NotifierSection | undefined): Readonly<Record<string, unknown>> | undefined {
  if (section === undefined) return undefined;
  const plain = Object.entries(section).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]);
  return Object.fromEntries(plain);
}

/** What `node:tls` and the clients built on it take. */
export function tlsOptions(tls: Tls): Readonly<Record<string, string | boolean>> {
  const options = {
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key?.reveal(),
    passphrase: tls.passphrase?.reveal(),
    servername: tls.servername,
    rejectUnauthorized: tls.rejectUnauthorized,
  };
  const given = Object.entries(options).filter((entry): entry is [string, string | boolean] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

function toPlain(value: unknown): unknown {
  if (value instanceof Secret) return { [secretMark]: value.reveal() };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toPlain(child)]));
}

function fromPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === secretMark && typeof first[1] === 'string') return new Secret(first[1]);
  return Object.fromEntries(entries.map(([key, child]) => [key, fromPlain(child)]));
}
