import type { Config } from './config.js';
import { checkSasl } from './cross-checks.js';
import type { Environment } from './fill-in.js';
import { checkMode } from './load.js';
import { loadSections } from './load-sections.js';
import type { Problem } from './problem.js';

/** The brokers, their topics and what it takes to be let in, or all that is wrong with these. */
export type LoadedKafka =
  | { readonly kind: 'valid'; readonly config: Pick<Config, 'kafka'>; readonly warnings: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/** Reads the section `kafka` of a configuration file, which is all that a producer needs: it may run where no engine does. Never throws. */
export function loadKafkaConfig(file: string, environment: Environment): LoadedKafka {
  const loaded = loadSections(file, {
    environment,
    mayBeMissing: false,
    choose(read, findings, mode) {
      const kafka = read('kafka', true);
      checkSasl(kafka, findings);
      checkMode(mode, kafka, findings);
    },
  });
  return { ...loaded, warnings: loaded.warnings.filter(({ key }) => key.startsWith('kafka.')) };
}
