import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { schema } from '../../../src/config/schema.js';
import { repoRoot } from '../../support/repo.js';

const unit = readFileSync(join(repoRoot(), 'deploy/systemd/mon-notification.service'), 'utf8');
const job = readFileSync(join(repoRoot(), 'upstart/mon-notification.conf'), 'utf8');
const deadlineSeconds = schema['shutdown.deadline_seconds'].default;

/** All values of one setting of the unit, comments aside. */
function settings(name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');
}

test('systemd starts it again after a failure, and not after a wrong configuration or command line', () => {
  assert.deepEqual(settings('Restart'), ['always']);
  assert.deepEqual(settings('RestartSec'), ['10']);
  assert.deepEqual(settings('RestartPreventExitStatus'), ['2 78']);
});

test('systemd checks the configuration before each start (C2)', () => {
  assert.deepEqual(settings('ExecStartPre'), ['/usr/bin/mon-notification check-config']);
  assert.deepEqual(settings('ExecStart'), ['/usr/bin/mon-notification run']);
});

test('systemd leaves the main process time to drain its workers', () => {
  assert.ok(Number(settings('TimeoutStopSec')[0]) > deadlineSeconds);
  assert.deepEqual(settings('KillMode'), ['mixed']);
});

test('systemd hears of readiness from systemd-notify', () => {
  assert.deepEqual(settings('Type'), ['notify']);
  assert.deepEqual(settings('NotifyAccess'), ['all']);
  assert.ok(settings('RestrictAddressFamilies')[0]?.includes('AF_UNIX'));
});

test('the unit gives no rights away, and keeps what the JIT compiler needs (R1)', () => {
  assert.deepEqual(settings('DynamicUser'), ['yes']);
  assert.deepEqual(settings('CapabilityBoundingSet'), ['']);
  assert.deepEqual(settings('ProtectSystem'), ['strict']);
  assert.deepEqual(settings('NoNewPrivileges'), ['yes']);
  assert.deepEqual(settings('SystemCallErrorNumber'), ['EPERM']);
  assert.deepEqual(settings('MemoryDenyWriteExecute'), []);
});

test('upstart starts it again, with patience, and not after a wrong configuration or command line', () => {
  assert.match(job, /^respawn$/m);
  assert.match(job, /^respawn limit 25 5$/m);
  assert.match(job, /^normal exit 0 2 78$/m);
});

test('upstart leaves the main process time to drain its workers', () => {
  assert.ok(Number(/^kill timeout (\d+)$/m.exec(job)?.[1]) > deadlineSeconds);
});
