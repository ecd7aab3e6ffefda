import type { Config } from './config.js';
import { checkSasl } from './cross-checks.js';
import type { Environment } from './fill-in.js';
import { loadSections } from './load-sections.js';
import type { Problem } from './problem.js';

/** What the digest uses of the configuration. `kafka` and `zookeeper` hold what was asked for with `needsKafka` only. */
export type DigestView = Pick<Config, 'digest' | 'kafka' | 'zookeeper' | 'log'>;

export type LoadedDigest =
  | { readonly kind: 'valid'; readonly config: DigestView; readonly warnings: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/**
 * Reads what the digest needs of a configuration file, and nothing else of it: on NATS it runs without the engine's Kafka and MySQL.
 *
 * `mayBeMissing`: the file is the usual one and nobody named it; without it every default is in force. Never throws.
 */
export function loadDigestConfig(
  file: string,
  environment: Environment,
  { mayBeMissing, needsKafka }: { readonly mayBeMissing: boolean; readonly needsKafka: (transport: string) => boolean },
): LoadedDigest {
  return loadSections(file, {
    environment,
    mayBeMissing,
    choose(read, findings) {
      const digest = read('digest', false);
      read('log', false);
      if (!needsKafka(String(digest.values.get('digest.transport')))) return;
      checkSasl(read('kafka', true), findings);
      read('zookeeper', true);
    },
  });
}
