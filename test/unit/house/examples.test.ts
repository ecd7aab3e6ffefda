import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readArguments } from '../../../src/cli/command-line.js';
import { commandTable } from '../../../src/cli/command-table.js';
import { EngineError } from '../../../src/domain/errors.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import type { HttpRequest } from '../../../src/notifiers/http-post.js';
import type { HttpAnswer } from '../../../src/notifiers/http-status.js';
import { load } from '../../support/config-file.js';
import { ChatNotifier, chatPlugin } from '../../support/examples/chat-plugin.js';
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
    const plugins = [...builtinNotifiers, chatPlugin];
    const start =
      'kafka: {url: k}\nzookeeper: {url: z}\nmysql: {host: h, user: u, passwd: p, db: d}\nnotification_types:\n';
    const mail = '  email: {server: relay, from_addr: mon@example.com}\n';
    const good = load(t, `${start}${mail}  chat: {timeout: 2s, prefix: "[mon] "}\n`, { plugins });
    assert.deepEqual([...good.problems, ...good.warnings], []);
    const bad = load(t, `${start}${mail}  chat: {timeout: soon}\n`, { plugins });
    assert.match(bad.problems.join(), /notification_types\.chat\.timeout: expected/);
  });

  it('posts one line and tells a refusal from success', async () => {
    const requests: HttpRequest[] = [];
    let status = 204;
    const http = {
      post: async (request: HttpRequest): Promise<HttpAnswer> => {
        requests.push(request);
        return { status, body: '', retryAfterMs: undefined };
      },
      close: () => Promise.resolve(),
    };
    const notifier = new ChatNotifier(http, '[mon] ');
    const notification = aNotification('chat', 'https://chat.example.com/hook/secret');
    const never = new AbortController().signal;
    assert.deepEqual(await notifier.send(notification, never), { remoteId: undefined, wire: 'HTTP 204 No Content' });
    assert.equal(requests[0]?.body, '{"text":"[mon] ALARM: test Alarm. I am alarming!"}');
    assert.equal(notifier.destinationOf(notification.method), 'chat.example.com');
    status = 404;
    const refused = (error: unknown) =>
      error instanceof EngineError && !error.retriable && !error.message.includes('secret');
    await assert.rejects(notifier.send(notification, never), refused);
  });
});
