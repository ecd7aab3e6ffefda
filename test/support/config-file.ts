import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Environment } from '../../src/config/fill-in.js';
import { type LoadedConfig, loadConfig } from '../../src/config/load.js';
import { problemText } from '../../src/config/problem.js';
import type { NotifierPlugin } from '../../src/ports/notifier.js';
import { FakeMailPlugin, fakeWebhookPlugin } from './fakes/notifier-plugins.js';

/** The smallest file that is valid; six lines of which the first five name what has no default. */
export const minimal = `kafka: {url: k1}
zookeeper: {url: z1}
mysql: {host: db, user: mon, passwd: pw, db: mon}
email: {server: relay, from_addr: mon@example.com}
`;

/** A folder of its own for a test, gone with it. */
export function privateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'config-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Loaded {
  readonly loaded: LoadedConfig;
  /** With the folder cut off: `n.yaml:1:1 key: …`. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Writes a text or bytes as `n.yaml`, with mode 0600 unless said otherwise, and loads it. */
export function load(
  t: TestContext,
  content: string | Uint8Array,
  facts: {
    environment?: Environment;
    plugins?: readonly NotifierPlugin[];
    mode?: number;
    files?: Record<string, string>;
  } = {},
): Loaded {
  const folder = privateFolder(t);
  for (const [name, text] of Object.entries(facts.files ?? {})) writeFileSync(join(folder, name), text);
  const file = join(folder, 'n.yaml');
  writeFileSync(file, content);
  chmodSync(file, facts.mode ?? 0o600);
  const plugins = facts.plugins ?? [new FakeMailPlugin(), fakeWebhookPlugin];
  const loaded = loadConfig(file, facts.environment ?? {}, plugins);
  const texts = (list: Parameters<typeof problemText>[0][]) =>
    list.map((problem) => problemText(problem).slice(folder.length + 1));
  const problems = loaded.kind === 'invalid' ? texts([...loaded.problems]) : [];
  return { loaded, problems, warnings: texts([...loaded.warnings]) };
}
