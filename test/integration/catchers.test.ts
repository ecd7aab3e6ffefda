import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTransport } from 'nodemailer';
import { makeCertificate } from '../support/certificate.js';
import { HttpCatcher, type HttpCatcherOptions } from '../support/http-catcher.js';
import { MailCatcher, type MailCatcherOptions } from '../support/mail-catcher.js';

async function startHttp(test: TestContext, options?: HttpCatcherOptions): Promise<HttpCatcher> {
  const catcher = await HttpCatcher.start(options);
  test.after(() => catcher.stop());
  return catcher;
}

async function startMail(test: TestContext, options?: MailCatcherOptions): Promise<MailCatcher> {
  const catcher = await MailCatcher.start(options);
  test.after(() => catcher.stop());
  return catcher;
}

const mailTo = (to: string) => ({ from: 'engine@example.org', to, subject: 'ALARM', text: 'disk is full' });

it('the HTTP catcher keeps what came and answers in the order of its script', async (test) => {
  const catcher = await startHttp(test);
  catcher.answer('/flaky', { status: 503, headers: { 'retry-after': '1' } }, { status: 204 });
  const post = () => fetch(`${catcher.url}/flaky?x=1`, { method: 'POST', body: 'text', headers: { 'x-id': 'n1' } });
  const statuses = [(await post()).status, (await post()).status, (await post()).status];
  assert.deepEqual(statuses, [503, 204, 204]);
  const [request] = catcher.requests;
  assert.deepEqual(
    [request?.method, request?.path, request?.body, request?.headers['x-id']],
    ['POST', '/flaky?x=1', 'text', 'n1'],
  );
});

it('the HTTP catcher cuts, hangs and pours without end when told so', async (test) => {
  const catcher = await startHttp(test);
  catcher.answer('/cut', { instead: 'reset' });
  catcher.answer('/silent', { instead: 'hang' });
  catcher.answer('/flood', { instead: 'endless' });
  await assert.rejects(fetch(`${catcher.url}/cut`));
  await assert.rejects(fetch(`${catcher.url}/silent`, { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
  const flood = (await fetch(`${catcher.url}/flood`)).body?.getReader();
  let receivedBytes = 0;
  while (receivedBytes < 1_000_000) receivedBytes += (await flood?.read())?.value?.length ?? 0;
  await flood?.cancel();
});

it('the mail catcher keeps envelope, headers and text, and refuses recipients by its script', async (test) => {
  const catcher = await startMail(test);
  catcher.answer('full@example.org', { code: 451 }, { code: 250 });
  catcher.answer('gone@example.org', { code: 550 });
  catcher.answer('late@example.org', { code: 554, at: 'data' });
  const transport = createTransport({ host: '127.0.0.1', port: catcher.port, ignoreTLS: true });
  await assert.rejects(transport.sendMail(mailTo('full@example.org')), { responseCode: 451 });
  await assert.rejects(transport.sendMail(mailTo('gone@example.org')), { responseCode: 550 });
  await assert.rejects(transport.sendMail(mailTo('late@example.org')), { responseCode: 554 });
  await transport.sendMail(mailTo('full@example.org'));
  const [mail] = catcher.mails;
  assert.equal(catcher.mailCount, 1);
  assert.deepEqual(
    [mail?.from, mail?.to, mail?.headers.subject],
    ['engine@example.org', ['full@example.org'], 'ALARM'],
  );
  assert.match(mail?.raw ?? '', /disk is full/);
});

it('the mail catcher offers STARTTLS and asks for a log-in', async (test) => {
  const certificate = await makeCertificate();
  const login = { user: 'engine', password: 'right' };
  const catcher = await startMail(test, { certificate, login });
  const transportWith = (pass: string) =>
    createTransport({
      ...{ host: '127.0.0.1', port: catcher.port, requireTLS: true, tls: { ca: certificate.cert } },
      auth: { user: login.user, pass },
    });
  await assert.rejects(transportWith('wrong').sendMail(mailTo('a@example.org')), { responseCode: 535 });
  await transportWith('right').sendMail(mailTo('a@example.org'));
  assert.deepEqual([catcher.mails[0]?.isSecure, catcher.mails[0]?.user], [true, 'engine']);
});

it('a catcher that is a process of its own writes receipts before it answers', async (test) => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-notification-ledger-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  const ledger = join(folder, 'receipts.jsonl');
  const file = fileURLToPath(new URL('../support/http-catcher.js', import.meta.url));
  const words = ['--ledger', ledger, '--fsync', '--answers', '{"/gone":[{"status":410}]}'];
  const child = spawn(process.execPath, [file, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  test.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const { port } = JSON.parse(String(line)) as { port: number };
  assert.equal((await fetch(`http://127.0.0.1:${port}/gone`, { method: 'POST', body: 'b' })).status, 410);
  const receipts = (await readFile(ledger, 'utf8')).trimEnd().split('\n');
  const { path, body, status } = JSON.parse(receipts[0] ?? '{}');
  assert.deepEqual([receipts.length, path, body, status], [1, '/gone', 'b', 410]);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
