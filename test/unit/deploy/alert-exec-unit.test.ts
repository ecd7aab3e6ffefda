import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertExecOptions, alertExecSettings } from '../../../src/cli/alert-exec-options.js';
import { calledBy } from '../../../src/cli/bin-names.js';
import { readArguments } from '../../../src/cli/command-line.js';
import { repoRoot } from '../../support/repo.js';

const unit = readFileSync(join(repoRoot(), 'deploy/systemd/alert-exec.service'), 'utf8');

test('the unit of alert-exec starts it with options that it knows, and a state that outlives it', () => {
  const words = /^ExecStart=\/usr\/bin\/mon-notification alert-exec (.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  const known = words.map((word) => word.replace(/^\$\{.*\}$/, 'http://127.0.0.1:9001'));
  const command = { options: alertExecOptions, run: async () => 0 as const };
  const settings = alertExecSettings(readArguments(command, known));
  assert.deepEqual([settings.sink, settings.stateFile], ['kafka', '%S/alert-exec/state.json']);
  assert.match(unit, /^StateDirectory=alert-exec$/m);
  assert.match(unit, /^RestartPreventExitStatus=2 78$/m);
  assert.match(unit, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
});

test('a program of the package knows itself by its name', () => {
  assert.deepEqual(calledBy('/usr/bin/alert-exec').command, ['alert-exec']);
  assert.deepEqual(calledBy('/x/monitor_endpoints').command, ['monitor-endpoints']);
  assert.deepEqual(calledBy('/x/dist/cli/main.js').command, []);
  assert.deepEqual(calledBy('/usr/bin/mon-notification').command, []);
  assert.deepEqual(calledBy('/x/toString').command, []);
});
