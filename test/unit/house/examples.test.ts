import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readArguments } from '../../../src/cli/command-line.js';
import { commandTable } from '../../../src/cli/command-table.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { load } from '../../support/config-file.js';
import { chatPlugin } from '../../support/examples/chat-plugin.js';
import { aNotification } from '../../support/notifications.js';
import { fileAt, type SourceFile } from '../../support/source-tree.js';

const paths = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'deploy/OPERATIONS.md',
  'test/README.md',
  'config/templates/README.md',
  'config/plugins/README.md',
  'config/COMPATIBILITY.md',
];
const documents = paths.flatMap((path) => fileAt(path) ?? []);

interface Block {
  readonly path: string;
  /** What stands behind the fence, such as `yaml configuration`. */
  readonly info: string;
  readonly text: string;
}

function blocksOf({ path, text }: SourceFile): readonly Block[] {
  return [...text.matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)].map(([, info = '', block = '']) => {
    return { path, info, text: block };
  });
}

const blocks = documents.flatMap(blocksOf);

/** The lines that call the program, in blocks of shell and in the text; the sections that are written from tables left out. */
function callsOf({ path, text }: SourceFile): readonly { readonly path: string; readonly words: readonly string[] }[] {
  const own = text.replace(/<!-- begin [\s\S]*?<!-- end /g, '');
  const inline = [...own.matchAll(/`(mon-notification [^`\n]+)`/g)].map(([, call = '']) => call);
  const lines = blocks
    .filter((block) => block.path === path && block.info === 'sh')
    .flatMap((block) => block.text.split('\n').filter((line) => line.startsWith('mon-notification ')));
  return [...inline, ...lines].map((call) => {
    const [command = ''] = call.split(/\s+[#|>]/);
    return { path, words: command.trim().split(/\s+/).slice(1) };
  });
}

function entryOf(words: readonly string[]) {
  return [2, 1].flatMap((count) => {
    const name = words.slice(0, count).join(' ');
    const entry = commandTable.find((candidate) => candidate.name === name);
    return entry === undefined ? [] : [{ entry, rest: words.slice(count) }];
  })[0];
}

describe('configuration in the documents', () => {
  const examples = blocks.filter(({ info }) => info === 'yaml configuration');

  it('is there', () => {
    const found = [...new Set(examples.map(({ path }) => path))];
    assert.deepEqual(found, ['README.md', 'deploy/OPERATIONS.md', 'config/templates/README.md']);
  });

  for (const [index, { path, text }] of examples.entries()) {
    it(`loads without a problem or a warning: ${path}, example ${index + 1}`, (t) => {
      const files = { 'smtp.password': 'secret\n', 'mail.txt.liquid': '{{ message }}\n' };
      const environment = { MYSQL_PASSWORD: 'secret' };
      const { problems, warnings } = load(t, text, { environment, plugins: builtinNotifiers, files });
      assert.deepEqual([...problems, ...warnings], []);
    });
  }

  it('stands in no other block of YAML that nobody loads', () => {
    assert.deepEqual(
      blocks.filter(({ info }) => info.startsWith('yaml') && info !== 'yaml configuration').map(({ path }) => path),
      [],
    );
  });
});

describe('commands in the documents', () => {
  const calls = documents.flatMap(callsOf);

  it('are found', () => assert.ok(calls.length > 10, `${calls.length} calls`));

  it('exist, with the options that they are given', async () => {
    for (const { path, words } of calls) {
      const found = entryOf(words);
      assert.ok(found !== undefined, `${path}: mon-notification ${words.join(' ')}`);
      const command = await found.entry.load();
      if (!found.rest.includes('--help')) assert.doesNotThrow(() => readArguments(command, found.rest), path);
    }
  });

  it('are all in the table of the README', () => {
    const readme = fileAt('README.md')?.text ?? '';
    assert.deepEqual(
      commandTable.filter(({ name }) => !readme.includes(`| \`mon-notification ${name}\` |`)).map(({ name }) => name),
      [],
    );
  });
});

describe('the notifier in ARCHITECTURE.md', () => {
  it('is the one that the tests compile', () => {
    const [example] = blocks.filter(({ info }) => info.startsWith('ts example='));
    const source = fileAt(example?.info.split('=')[1] ?? '')?.text ?? '';
    const asInFolder = source.replaceAll("'../../../src/notifiers/", "'../").replaceAll("'../../../src/", "'../../");
    assert.equal(example?.text, asInFolder);
  });

  it('has a section that is checked', (t) => {
    // Whoever tries the example word by word has that type twice.
    const plugins = [...builtinNotifiers.filter(({ type }) => type !== chatPlugin.type), chatPlugin];
    const start =
      'kafka: {url: k}\nzookeeper: {url: z}\nmysql: {host: h, user: u, passwd: p, db: d}\nnotification_types:\n';
    const mail = '  email: {server: relay, from_addr: mon@example.com}\n';
    const good = load(t, `${start}${mail}  chat: {timeout: 2s}\n`, { plugins });
    assert.deepEqual([...good.problems, ...good.warnings], []);
    const bad = load(t, `${start}${mail}  chat: {timeout: soon}\n`, { plugins });
    assert.match(bad.problems.join(), /notification_types\.chat\.timeout: expected/);
  });

  it('says the built-in text, or what a template wrote, within its limit', () => {
    const configured = chatPlugin.configure(undefined);
    assert.ok(configured.kind === 'ready' && configured.preview !== undefined);
    const notification = aNotification('chat', 'https://chat.example.com/hook/secret');
    const said = ({ text }: { readonly text?: string }): string => {
      const [piece] = configured.preview?.(notification, text === undefined ? {} : { text }) ?? [];
      return JSON.parse(piece?.text ?? '{}').text;
    };
    assert.match(said({}), /^ALARM LOW: test Alarm \(foo1\)\nI am alarming!\n/);
    assert.equal(said({ text: 'look' }), 'look');
    assert.match(said({ text: 'x'.repeat(5_000) }), /^.{3900,4000}$/s);
  });
});
