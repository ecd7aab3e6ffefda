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

function jsonEntry(name: string, run: Command['run']): CommandEntry {
  const options = { json: { description: 'print JSON' }, config: { value: 'FILE', description: 'settings' } };
  return { name, summary: `does ${name}`, load: async () => ({ options, run }) };
}

const table: readonly CommandEntry[] = [
  jsonEntry('ask', async () => {
    throw new EngineError('STORE_UNAVAILABLE', 'nobody answers', { retriable: true });
  }),
  jsonEntry('ask twice', async (_args, io) => {
    io.out('{"done":1}');
    throw new EngineError('STORE_UNAVAILABLE', 'nobody answers any more', { retriable: true });
  }),
  jsonEntry('seek', async (_args, io) => {
    io.err('not here');
    io.err('nor there');
    return 1;
  }),
  jsonEntry('read', async (_args, io) => {
    io.err('c.yaml:1:1 kafka.url: expected host:port, got nothing');
    return 78;
  }),
  jsonEntry('answer', async (_args, io) => {
    io.out('{"sent":false}');
    return 1;
  }),
  jsonEntry('combine', async () => {
    throw new UsageError('two things that do not go together');
  }),
  jsonEntry('stumble', async () => {
    throw new TypeError('a bug');
  }),
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

/** Words, exit code, and the document on stdout. */
const documents: readonly (readonly [string, number, object])[] = [
  ['ask', 1, { error: { code: 'STORE_UNAVAILABLE', message: 'nobody answers' } }],
  ['ask twice', 1, { done: 1 }],
  ['seek', 1, { error: { code: 'FAILED', message: 'not here\nnor there' } }],
  ['read', 78, { error: { code: 'CONFIG_INVALID', message: 'c.yaml:1:1 kafka.url: expected host:port, got nothing' } }],
  ['answer', 1, { sent: false }],
  ['combine', 2, { error: { code: 'USAGE', message: 'two things that do not go together' } }],
  ['combine --jsn', 2, { error: { code: 'USAGE', message: 'unknown option --jsn; did you mean --json?' } }],
  ['stumble', 1, { error: { code: 'INTERNAL_ERROR', message: 'a bug' } }],
];

for (const [words, expected, document] of documents) {
  test(`prints one JSON document and ends with ${expected} when ${words} --json comes to nothing`, async () => {
    const { code, out } = await run(...words.split(' '), '--json');
    assert.deepEqual([code, JSON.parse(out)], [expected, document]);
  });
}

test('says a failure to people too, and prints no document to who did not ask for one', async () => {
  const plain = await run('seek');
  assert.deepEqual(plain, { code: 1, out: '', err: 'not here\nnor there' });
  assert.equal((await run('seek', '--json')).err, plain.err);
  assert.match((await run('stumble', '--json')).err, /TypeError: a bug\n +at /);
  assert.equal((await run('fail', '--json')).out, '');
});

test('prints the commands of a group on stdout when asked for its help', async () => {
  const { code, out, err } = await run('config', '--help');
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^usage: mon-notification config <command> \[options\]\n\n {2}config show {2}does config show\n/);
  assert.ok(!out.includes('does work'));
  assert.deepEqual(await run('config', '-h'), { code, out, err });
  assert.match((await run('ask', '--help')).out, /^usage: mon-notification ask \[options\]/);
});

test('lists 78 in the help of a command that reads a configuration', async () => {
  assert.match((await run('read', '--help')).out, /\nExit codes: 0 .*, 78 wrong configuration\.$/);
  assert.match((await run('work', '--help')).out, /\nExit codes: 0 as asked, 1 failed, 2 wrong command line\.$/);
});
