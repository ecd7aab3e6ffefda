import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readArguments } from '../../../src/cli/command-line.js';
import { command } from '../../../src/cli/monitor-endpoints.js';
import { readMonitorSettings } from '../../../src/cli/monitor-options.js';
import { repoRoot } from '../../support/repo.js';

const unit = readFileSync(join(repoRoot(), 'deploy/systemd/monitor-endpoints.service'), 'utf8');

function settings(name: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');
}

test('systemd starts monitor-endpoints with options that it has, publishing, with a state to keep', () => {
  const [program, name, ...words] = (settings('ExecStart')[0] ?? '').split(' ');
  assert.deepEqual([program, name], ['/usr/bin/mon-notification', 'monitor-endpoints']);
  const asked = readMonitorSettings(readArguments(command, words));
  assert.deepEqual([asked.publishes, asked.isQuiet, asked.stateFile], [true, true, '%S/mon/monitor-endpoints.json']);
  assert.deepEqual(settings('StateDirectory'), ['mon']);
});

test('systemd does not start monitor-endpoints again after a wrong configuration or command line', () => {
  assert.deepEqual(settings('Restart'), ['always']);
  assert.deepEqual(settings('RestartPreventExitStatus'), ['2 78']);
});

test('systemd gives monitor-endpoints time to empty its outbox, and no rights', () => {
  assert.ok(Number(settings('TimeoutStopSec')[0]) > 5);
  assert.deepEqual([settings('CapabilityBoundingSet'), settings('ProtectSystem')], [[''], ['strict']]);
});
