import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { commandTable } from '../../src/cli/command-table.js';
import { runProgram } from '../../src/cli/program.js';
import { receiverOf } from '../support/http-poster.js';
import { answer } from '../support/http-receiver.js';
import { startRelay } from '../support/mail.js';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function runIn(t: TestContext, words: readonly string[], more = ''): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'mon-notification-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'notification.yaml');
  const text = `kafka: {url: "127.0.0.1:1"}
mysql: {host: 127.0.0.1, port: 1, user: notification, passwd: hunter2, db: mon}
zookeeper: {url: "127.0.0.1:1"}
http: {allow: [127.0.0.1]}
${more}`;
  writeFileSync(file, text, { mode: 0o640 });
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), environment: {} };
  const code = await runProgram(['test-notification', '--config', file, ...words], commandTable, io);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('test-notification', () => {
  test('sends one webhook and prints what was answered', async (t) => {
    const receiver = await receiverOf(t);
    const { code, out } = await runIn(t, [
      '--type',
      'WEBHOOK',
      '--address',
      receiver.url('/hook?token=T0P'),
      '--state',
      'OK',
    ]);
    assert.equal(code, 0);
    assert.match(out, /^sent by webhook to 127\.0\.0\.1:\d+\nanswer: HTTP 200 OK\nnotification id: [\w-]{32}/);
    assert.equal(JSON.parse(receiver.requests[0]?.body ?? '').state, 'OK');
    assert.ok(!out.includes('T0P'));
  });

  test('sends one mail and prints what the relay said', async (t) => {
    const relay = await startRelay(t, {});
    const section = `email: {server: 127.0.0.1, port: ${relay.port}, from_addr: mon@example.com}`;
    const { code, out, err } = await runIn(t, ['--type', 'email', '--address', 'me@here.example'], section);
    assert.equal(code, 0, err);
    assert.match(out, /answer: 250 2\.0\.0 Ok: queued as 4XyZ\nthe receiver's id: 4XyZ/);
    assert.equal(relay.mails.length, 1);
  });

  test('says why nothing was sent, and what the engine would do', async (t) => {
    const receiver = await receiverOf(t, answer(404));
    const refused = await runIn(t, ['--type', 'webhook', '--address', receiver.url()]);
    assert.equal(refused.code, 1);
    assert.equal(refused.err, '');
    assert.match(
      refused.out,
      /^not sent \(rejected\): .*\nanswer: HTTP 404 Not Found\nthe engine would park this as dead/,
    );
    receiver.react = answer(503);
    assert.match((await runIn(t, ['--type', 'webhook', '--address', receiver.url()])).out, /would try this again/);
    const mail = await runIn(t, ['--type', 'email', '--address', 'me@here.example']);
    assert.deepEqual([mail.code, /email\.server/.test(mail.out)], [1, true]);
    const unknown = await runIn(t, ['--type', 'hipchat', '--address', 'x']);
    assert.deepEqual([unknown.code, /no notifier of this type/.test(unknown.out)], [1, true]);
  });

  test('prints one JSON document when asked to, sent or not', async (t) => {
    const receiver = await receiverOf(t);
    const words = ['--json', '--type', 'webhook', '--address', receiver.url()];
    const sent = await runIn(t, words);
    const { notification_id: id, destination, ...rest } = JSON.parse(sent.out);
    assert.deepEqual([sent.code, sent.err, rest], [0, '', { sent: true, type: 'webhook', answer: 'HTTP 200 OK' }]);
    assert.equal(destination, receiver.url().split('/')[2]);
    assert.match(id, /^[\w-]{32}$/);
    receiver.react = answer(503);
    const refused = await runIn(t, words);
    const { detail, ...facts } = JSON.parse(refused.out);
    assert.deepEqual([refused.code, refused.err, typeof detail], [1, '', 'string']);
    assert.deepEqual(facts, {
      ...{ sent: false, failure: 'server_error', answer: 'HTTP 503 Service Unavailable', retriable: true },
    });
  });

  test('says so when the database does not answer', async (t) => {
    const { code, err } = await runIn(t, ['--method', 'nm-1']);
    assert.equal(code, 1);
    assert.match(err, /mysql/i);
    assert.ok(!err.includes('hunter2'));
  });

  test('wants a method, or a type and an address', async (t) => {
    for (const words of [
      [],
      ['--type', 'email'],
      ['--address', 'x'],
      ['--method', '1', '--type', 'email', '--address', 'x'],
    ]) {
      assert.equal((await runIn(t, words)).code, 2);
    }
  });
});
