import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadDigestConfig } from '../../../src/config/load-digest.js';

test("the file of an engine serves the digest as well, without a word on the engine's notifiers", (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'load-digest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'n.yaml');
  const lines = [
    'kafka: {url: k1}',
    'zookeeper: {url: z1}',
    'notification_types: {email: {server: mail}}',
    'digset: {}',
  ];
  writeFileSync(file, lines.join('\n'), { mode: 0o600 });
  const loaded = loadDigestConfig(file, {}, { mayBeMissing: false, needsKafka: () => true });
  assert.equal(loaded.kind, 'valid');
  assert.deepEqual(
    loaded.warnings.map(({ key }) => key),
    ['digset'],
  );
});
