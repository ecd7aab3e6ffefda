import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { referenceSections, withReferenceSections } from '../../../src/telemetry/event-reference.js';

const names = Object.keys(referenceSections);
const empty = names.map((name) => `# ${name}\n<!-- begin ${name} -->\n<!-- end ${name} -->\n`).join('text\n');

describe('the generated sections', () => {
  it('replace what stands between their markers and nothing else', () => {
    const once = withReferenceSections(empty);
    assert.match(once, /\| `engine_ready` \| info \|/);
    assert.match(once, /\| `mon_notification_lock_held` \| gauge \|/);
    assert.match(once, /\| `FENCED` \|/);
    assert.match(once, /\| 78 \|/);
    assert.equal(once.split('text\n').length, names.length);
    assert.equal(withReferenceSections(once), once);
  });

  it('are missed when their markers are', () => {
    assert.throws(() => withReferenceSections('# nothing'), /events, metrics, errors, exit-codes/);
  });

  it('keep every row on one line', () => {
    const rows = withReferenceSections(empty)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    for (const row of rows) assert.ok(row.endsWith(' |'), row);
  });
});
