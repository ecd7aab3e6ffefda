import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repoRoot } from '../../support/repo.js';

const folder = join(repoRoot(), 'deploy/systemd');
const engine = 'mon-notification.service';

/** Lines that take rights away, in their order; how a unit is started is its own affair. */
function hardening(file: string): readonly string[] {
  const taken =
    /^(DynamicUser|CapabilityBoundingSet|AmbientCapabilities|NoNewPrivileges|Protect\w+|ProcSubset|Private\w+|DevicePolicy|RemoveIPC|LockPersonality|Restrict(?!Prevent)\w+|SystemCall\w+|UMask)=/;
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  return lines.filter((line) => taken.test(line));
}

const others = readdirSync(folder).filter((file) => file.endsWith('.service') && file !== engine);

test('there are units of the producers and of the digest', () => {
  assert.deepEqual(others.toSorted(), ['alert-exec.service', 'mon-digest.service', 'monitor-endpoints.service']);
});

for (const file of others) {
  test(`${file} keeps away the rights that the engine's unit keeps away`, () => {
    assert.deepEqual(hardening(file), hardening(engine));
  });

  test(`${file} needs no user of the system, a bound on memory and tasks, and a state that is kept where systemd says`, () => {
    const text = readFileSync(join(folder, file), 'utf8');
    assert.match(text, /^MemoryMax=\d+[MG]$/m);
    assert.match(text, /^TasksMax=\d+$/m);
    assert.match(text, /^LoadCredential=notification\.yaml:\/etc\/mon\/notification\.yaml$/m);
    assert.equal(text.includes('--state %S/'), /^StateDirectory=/m.test(text));
  });
}
