import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configReference } from '../../../src/config/reference.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { repoRoot } from '../../support/repo.js';

test('config/REFERENCE.md says what the schema says', () => {
  const path = join(repoRoot(), 'config', 'REFERENCE.md');
  const expected = configReference(builtinNotifiers);
  if (process.env.UPDATE_REFERENCE === '1') writeFileSync(path, expected);
  assert.equal(readFileSync(path, 'utf8'), expected, 'stale; run this test with UPDATE_REFERENCE=1');
});
