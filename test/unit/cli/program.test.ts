import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calledBy } from '../../../src/cli/bin-names.js';
import { type Command, type CommandIo, UsageError } from '../../../src/cli/command.js';
import type { CommandEntry } from '../../../src/cli/command-table.js';
import { runProgram } from '../../../src/cli/program.js';
import { ConfigurationError, EngineError } from '../../../src/domain/errors.js';

function entry(name: string, run: Command['run']): CommandEntry {
  return { name, summary: `does ${name}`, load: async () => ({ options: { loud: { description: 'shout' } }, run }) };
}

const table: readonly CommandEntry[] = [
  entry('work', async (args, io) => {
    io.out(args.has('loud') ? 'DONE' : 'done');
    return 0;
  }),
  entry('config show', async () => 78),
  entry('monitor-endpoints', async (args) => {
    throw new UsageError(`${args.positionals.length} files`);
  }),
  entry('fail', async () => {
    throw new EngineError('STORE_UNAVAILABLE', 'ZooKeeper does not answer', { retriable: true });
  }),
  entry('misconfigured', async () => {
    throw new ConfigurationError('RIGHT_MISSING', 'no right to read');
  }),
  entry('misused', async () => {
    throw new UsageError('two things that do not go together');
  }),
  entry('break', async () => {
    throw new TypeError('a bug');
  }),
];

const run = (...words: string[]) => runAs('/usr/bin/mon-notification', ...words);

async function runAs(path: string, ...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = { out: (line) => out.push(line), err: (line) => err.push(line), environment: {} };
  const code = await runProgram(words, table, io, calledBy(path));
  return { code, out: out.join('\n'), err: err.join('\n') };
}

test('runs the command that is named, of one word or two', async () => {
  assert.deepEqual(await run('work', '--loud'), { code: 0, out: 'DONE', err: '' });
  assert.equal((await run('config', 'show')).code, 78);
});

test('repeats the name that it was called by, and takes its command from it', async () => {
  const path = '/usr/lib/node_modules/.bin/monitor_endpoints';
  assert.match((await runAs(path, '--help')).out, /^usage: monitor_endpoints \[options\]/);
  assert.match((await runAs(path, '--version')).out, /^monitor_endpoints \d/);
  const { code, err } = await runAs(path);
  assert.equal(code, 2);
  assert.equal(err, 'monitor_endpoints: 0 files\nTry: monitor_endpoints --help');
});

test('points to the help of the command that was not used rightly', async () => {
  assert.match((await run('misused')).err, /\nTry: mon-notification misused --help$/);
  assert.match((await run('work', '--lod')).err, /\nTry: mon-notification work --help$/);
  assert.match((await run('wrok')).err, /\nTry: mon-notification --help$/);
});

test('without a command prints the usage on stderr and ends with 2', async () => {
  const { code, out, err } = await run();
  assert.equal(code, 2);
  assert.equal(out, '');
  for (const { name, summary } of table) assert.ok(err.includes(name) && err.includes(summary));
});

test('prints help and version on stdout and ends with 0', async () => {
  assert.match((await run('--help')).out, /^usage: mon-notification <command>/);
  assert.match((await run('work', '--help')).out, /--loud +shout/);
  assert.match((await run('work', '--nonsense', '-h')).out, /^usage: mon-notification work \[options\]/);
  for (const words of [['--version'], ['work', '--version']]) {
    const { code, out } = await run(...words);
    assert.equal(code, 0);
    assert.match(out, /^mon-notification \d+\.\d+\.\d+ \(node v\d+/);
  }
});

/** Words, exit code, and what stderr says. */
const endings: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['wrok'], 2, /unknown command "wrok"; did you mean work\?/],
  [['something-else'], 2, /unknown command "something-else"\n/],
  [['config'], 2, /config is not a command by itself; there is config show/],
  [['--loud', 'work'], 2, /expected a command before --loud/],
  [['work', '--lod'], 2, /unknown option --lod; did you mean --loud\?/],
  [['misused'], 2, /two things that do not go together/],
  [['fail'], 1, /^mon-notification: ZooKeeper does not answer$/],
  [['misconfigured'], 78, /^mon-notification: no right to read$/],
  [['break'], 1, /TypeError: a bug\n +at /],
];

for (const [words, expected, pattern] of endings) {
  test(`ends ${words.join(' ')} with ${expected}`, async () => {
    const { code, out, err } = await run(...words);
    assert.equal(code, expected);
    assert.equal(out, '');
    assert.match(err, pattern);
  });
}
