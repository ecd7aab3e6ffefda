import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { minimal, privateFolder } from '../support/config-file.js';
import { repoRoot } from '../support/repo.js';

const main = new URL('../../src/cli/main.js', import.meta.url).pathname;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built program to its end. */
function run(words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [main, ...words], {
      cwd: repoRoot(),
      env: { PATH, ...environment },
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() });
    });
  });
}

test('no command: usage on stderr, exit 2', async () => {
  const { code, out, err } = await run([]);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /^usage: mon-notification/);
});

test('a command or option that does not exist: the nearest name on stderr, exit 2', async () => {
  const command = await run(['check-confg']);
  assert.deepEqual([command.code, command.out], [2, '']);
  assert.match(command.err, /did you mean check-config\?/);
  const option = await run(['check-config', '--confg', 'x']);
  assert.deepEqual([option.code, option.out], [2, '']);
  assert.match(option.err, /did you mean --config\?/);
});

test('--version and --help: stdout, exit 0', async () => {
  const version = await run(['--version']);
  assert.deepEqual([version.code, version.err], [0, '']);
  assert.match(version.out, /^mon-notification \d+\.\d+\.\d+ /);
  const help = await run(['check-config', '--help']);
  assert.deepEqual([help.code, help.err], [0, '']);
  assert.match(help.out, /--config FILE/);
});

for (const name of ['notification.yaml', 'notification.dev.yaml', 'notification.2014.yaml']) {
  test(`check-config accepts config/${name}`, async () => {
    const { code, out, err } = await run(['check-config', '--config', `config/${name}`]);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, new RegExp(`^config/${name}: valid$`, 'm'));
  });
}

test('a missing file: exit 78, on stdout in check-config and on stderr elsewhere', async (t) => {
  const file = join(privateFolder(t), 'none.yaml');
  const line = `${file}:1:1 (file): expected a readable file of at most 1 MiB, got no such file\n`;
  assert.deepEqual(await run(['check-config', '--config', file]), { code: 78, out: line, err: '' });
  assert.deepEqual(await run(['config', 'show', '--config', file]), { code: 78, out: '', err: line });
  assert.deepEqual(await run(['run', '--config', file]), { code: 78, out: '', err: line });
});

test('a wrong file: every problem on a line of its own, then the same as JSON (C1)', async (t) => {
  const file = join(privateFolder(t), 'n.yaml');
  writeFileSync(file, `${minimal}admin: {port: high}\nprocesors: {}\nretry: {max_attempts: -1}\n`, { mode: 0o600 });
  const text = await run(['check-config', '--config', file]);
  assert.deepEqual(text, {
    code: 78,
    out: [
      `${file}:5:15 admin.port: expected 0 to 65535, got "high"`,
      `${file}:7:23 retry.max_attempts: expected 0 to 1000, got "-1"`,
      `${file}:6:1 procesors: warning: unknown key, ignored; the nearest known one is processors`,
      '',
    ].join('\n'),
    err: '',
  });
  const json = await run(['check-config', '--json', '--config', file]);
  const document = JSON.parse(json.out);
  assert.equal(json.code, 78);
  assert.equal(document.valid, false);
  assert.deepEqual(document.problems[0], {
    file,
    line: 5,
    column: 15,
    key: 'admin.port',
    message: 'expected 0 to 65535, got "high"',
  });
  assert.equal(document.problems.length, 2);
  assert.equal(document.warnings.length, 1);
});

test('the file is that of the option, else that of the environment', async (t) => {
  const file = join(privateFolder(t), 'n.yaml');
  writeFileSync(file, minimal, { mode: 0o600 });
  const byEnvironment = await run(['check-config'], { MON_NOTIFICATION_CONFIG: file });
  assert.deepEqual([byEnvironment.code, byEnvironment.err], [0, '']);
  assert.ok(byEnvironment.out.endsWith(`${file}: valid\n`));
  const byOption = await run(['check-config', '--config', `${file}.none`], { MON_NOTIFICATION_CONFIG: file });
  assert.equal(byOption.code, 78);
});

test('types without configuration are named in one warning, by check-config and by run; not where the used ones are listed', async (t) => {
  const file = join(privateFolder(t), 'n.yaml');
  const bare = minimal.replace(/^email.*\n/m, '');
  writeFileSync(file, `${bare}admin: {host: 192.0.2.1}\n`, { mode: 0o600 });
  const line = new RegExp(`^${file}:1:1 notification_types\\.enabled: warning: disabled, .*: email, jira, .*$`, 'm');
  assert.match((await run(['check-config', '--config', file])).out, line);
  assert.equal(JSON.parse((await run(['check-config', '--json', '--config', file])).out).warnings.length, 1);
  // The admin endpoint cannot be had, so this run ends by itself.
  assert.match((await run(['run', '--config', file])).err, line);
  assert.equal(line.test((await run(['config', 'show', '--config', file])).err), false);
  writeFileSync(file, `${bare}notification_types: {enabled: [webhook]}\n`, { mode: 0o600 });
  assert.equal((await run(['check-config', '--config', file])).out, `${file}: valid\n`);
});

test('config show prints what is in force and no secret, warnings apart', async (t) => {
  const file = join(privateFolder(t), 'n.yaml');
  const content = minimal
    .replace('passwd: pw', `passwd: "\${PW}"`)
    .replace('server', 'user: u, password: c4n4ry, server');
  writeFileSync(file, `${content}admin: {prot: 1}\n`, { mode: 0o600 });
  const environment = { PW: 'c4n4ry' };
  const yaml = await run(['config', 'show', '--config', file], environment);
  const json = await run(['config', 'show', '--json', '--config', file], environment);
  assert.deepEqual([yaml.code, json.code], [0, 0]);
  assert.match(yaml.out, /^ {2}passwd: <redacted>$/m);
  assert.match(yaml.err, /^\S+:5:9 admin\.prot: warning: unknown key/);
  assert.equal(JSON.parse(json.out).mysql.passwd, '<redacted>');
  assert.equal(JSON.parse(json.out).notification_types.email.password, '<redacted>');
  assert.ok(!`${yaml.out}${yaml.err}${json.out}${json.err}`.includes('c4n4ry'));
});

test('a reader that goes away is no failure', async () => {
  const child = spawn(process.execPath, [main, 'config', 'show', '--config', 'config/notification.yaml'], {
    cwd: repoRoot(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  child.stdout.destroy();
  const err: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, Buffer.concat(err).toString());
});
