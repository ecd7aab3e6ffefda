import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CommandRun, runCommand } from '../support/command-run.js';
import { minimal } from '../support/config-file.js';
import { repoRoot } from '../support/repo.js';

const folder = mkdtempSync(join(tmpdir(), 'mon-notification-start-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const program = join(repoRoot(), 'dist', 'cli', 'main.js');
const config = join(folder, 'notification.yaml');
writeFileSync(config, minimal);
chmodSync(config, 0o600);

describe('mon-notification', () => {
  it('starts by a symlink, as npm installs it, from any folder', async () => {
    const link = join(folder, 'mon-notification');
    symlinkSync(program, link);
    const version = await new CommandRun(['--version'], { program: link, cwd: folder }).ended;
    assert.deepEqual([version.code, version.err], [0, '']);
    assert.match(version.out, /^mon-notification \d+\.\d+\.\d+ \(node v/);
    const check = ['check-config', '--config', 'notification.yaml'];
    const checked = await new CommandRun(check, { program: link, cwd: folder }).ended;
    assert.deepEqual([checked.code, checked.err], [0, '']);
  });

  it('starts by its own name once it is built', async () => {
    const child = spawn(program, ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [code] = await once(child, 'close');
    assert.equal(code, 0);
  });

  it('takes it well when nobody reads on', async () => {
    const child = spawn(process.execPath, [program, 'config', 'show', '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (bytes) => {
      err += bytes;
    });
    const [code] = await once(child, 'close');
    assert.deepEqual([code, err], [0, '']);
  });

  it('says in one line that its results cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program, '--version'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let err = '';
    child.stderr?.on('data', (bytes) => {
      err += bytes;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 1);
    assert.match(err, /^mon-notification: cannot write to standard output: ENOSPC[^\n]*\n$/);
  });

  it('ends with 78 in every command that needs a configuration and has none', async () => {
    const missing = ['--config', join(folder, 'missing.yaml')];
    const commands = [
      ...[['run'], ['config', 'show'], ['status'], ['offsets', 'show'], ['offsets', 'set', '--yes', 'a/0=1']],
      ['send-alarm', '--alarm-id', 'a', '--state', 'OK'],
      ...[
        ['dead-letters', 'list'],
        ['dead-letters', 'show', 'x'],
        ['dead-letters', 'discard', 'x'],
      ],
      ...[
        ['dead-letters', 'replay', '--all', '--type', 'email'],
        ['history', '--since', '1h'],
        ['explain', 'x.json'],
      ],
    ];
    for (const words of commands) {
      const { code, out, err } = await runCommand(...words, ...missing);
      assert.deepEqual([words, code, out], [words, 78, '']);
      assert.match(err, /missing\.yaml:1:1 .*no such file/);
    }
  });
});
