import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { describe, test } from 'node:test';
import { mailHtml } from '../../src/notifiers/email/html.js';
import { mailText } from '../../src/notifiers/email/message.js';
import { emailPlugin } from '../../src/notifiers/email/plugin.js';
import { incidentKey } from '../../src/notifiers/incident-key.js';
import { certificate, certificateFile } from '../support/certificates.js';
import { opened, protectedRelay, startRelay } from '../support/mail.js';
import { aNotification, anAlarm } from '../support/notifications.js';
import { readMail, subjectOf } from '../support/read-mail.js';
import { SmtpRelay } from '../support/smtp-relay.js';
import { waitFor } from '../support/wait-for.js';

const never = new AbortController().signal;
const authority = certificateFile('ca');
const login = { user: 'mon', password: 'swordfish-1' };
const mail = () => aNotification('email', 'me@here.com');

describe('mail on the wire', () => {
  test('is readable as it is where all of it is ASCII, from one sender to one recipient', async (t) => {
    const relay = await startRelay(t, {});
    const alarm = anAlarm({ metrics: [], stateChangeReason: 'plain\n.\nfrom here' });
    const notification = aNotification('email', ' me@here.com ', { alarm });
    const receipt = await opened(t, { port: relay.port }).send(notification, never);
    assert.deepEqual(receipt, { remoteId: '4XyZ', wire: '250 2.0.0 Ok: queued as 4XyZ' });
    const [seen] = relay.mails;
    assert.ok(seen !== undefined);
    assert.deepEqual([seen.from, seen.to], ['<hpcs.mon@hp.com>', ['<me@here.com>']]);
    const { headers, text } = readMail(seen.text);
    assert.equal(text, mailText(alarm, undefined).body);
    assert.match(headers.date ?? '', /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}$/);
    assert.match(headers['message-id'] ?? '', /^<[\w-]{32}@hp\.com>$/);
    const { date: _, 'message-id': __, ...fixed } = headers;
    const thread = `<${incidentKey(notification)}.thread@hp.com>`;
    assert.deepEqual(fixed, {
      from: 'hpcs.mon@hp.com',
      to: 'me@here.com',
      subject: 'ALARM LOW "test Alarm"',
      'in-reply-to': thread,
      references: thread,
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'OOF, AutoReply',
      'list-id': '<mon-notification.hp.com>',
      'mime-version': '1.0',
      'content-type': 'text/plain; charset=utf-8',
      'content-transfer-encoding': '7bit',
    });
  });

  test('brings any text through, readable as far as its letters are latin', async (t) => {
    const relay = await startRelay(t, {});
    const notifier = opened(t, { port: relay.port });
    const encodings: string[] = [];
    for (const word of ['cpu \u00e9 high', `${'long '.repeat(400)}end`, '\u6e29\u5ea6\u9ad8'.repeat(200)]) {
      const alarm = anAlarm({ alarmName: word, stateChangeReason: word });
      await notifier.send(aNotification('email', 'me@here.com', { alarm }), never);
      const mail = readMail(relay.mails.at(-1)?.text ?? '');
      const { subject, body } = mailText(alarm, undefined);
      assert.deepEqual([subjectOf(mail), mail.text], [subject, body]);
      encodings.push(mail.headers['content-transfer-encoding'] ?? '');
    }
    assert.deepEqual(encodings, ['quoted-printable', 'quoted-printable', 'base64']);
  });

  test('keeps the mails of one alarm to one method in one thread, and others out of it', async (t) => {
    const relay = await startRelay(t, {});
    const notifier = opened(t, { port: relay.port });
    const position = { topic: 'alarm-state-transitions', partition: 3, offset: 900n };
    for (const changes of [{}, { newState: 'OK', oldState: 'ALARM', position }, { alarmId: 'another' }]) {
      await notifier.send(aNotification('email', 'me@here.com', { alarm: anAlarm(changes) }), never);
    }
    const threads = relay.mails.map(({ text }) => readMail(text).headers.references);
    assert.equal(threads[0], threads[1]);
    assert.notEqual(threads[0], threads[2]);
    assert.equal(new Set(relay.mails.map(({ text }) => readMail(text).headers['message-id'])).size, 2);
  });

  test('has an HTML part after the plain one where the operator wishes', async (t) => {
    const relay = await startRelay(t, {});
    const alarm = anAlarm({ alarmName: '<b>cpu</b> \u6e29' });
    await opened(t, { port: relay.port, html: true }).send(aNotification('email', 'me@here.com', { alarm }), never);
    const { headers, parts } = readMail(relay.mails[0]?.text ?? '');
    assert.match(headers['content-type'] ?? '', /^multipart\/alternative;/);
    assert.deepEqual(
      parts.map((part) => part.headers['content-type']),
      ['text/plain; charset=utf-8', 'text/html; charset=utf-8'],
    );
    assert.equal(parts[0]?.text, mailText(alarm, undefined).body);
    assert.equal(parts[1]?.text, mailHtml(alarm, undefined));
  });

  test('asks a relay that can for a report of failure that names the notification', async (t) => {
    const relay = await startRelay(t, { offersDsn: true });
    await opened(t, { port: relay.port }).send(mail(), never);
    assert.deepEqual(
      relay.clearLines.filter((line) => /^(MAIL|RCPT)/.test(line)),
      [`MAIL FROM:<hpcs.mon@hp.com> RET=HDRS ENVID=${mail().id}`, 'RCPT TO:<me@here.com> NOTIFY=FAILURE'],
    );
  });
});

describe('mail and TLS', () => {
  test('keeps password and mail back when STARTTLS was taken out of the way, and names the switch (S4)', async (t) => {
    const relay = await startRelay(t, { offersAuth: true });
    const notifier = opened(t, { port: relay.port, ...login });
    await assert.rejects(notifier.send(mail(), never), (error: Error) => {
      assert.match(error.message, /notification_types\.email\.starttls: never/);
      assert.equal(Reflect.get(error, 'retriable'), true);
      return true;
    });
    assert.deepEqual(
      relay.clearLines.filter((line) => /^(AUTH|MAIL|RCPT|DATA)/i.test(line)),
      [],
    );
  });

  test('sends nothing to a relay whose certificate is not trusted, misnamed or expired', async (t) => {
    for (const [name, section] of [
      ['good', login],
      ['good', { starttls: 'required' }],
      ['wrong-name', { ...login, ca_file: authority }],
      ['expired', { ...login, ca_file: authority }],
    ] as const) {
      const relay = await startRelay(t, { ...protectedRelay, tls: certificate(name) });
      const notifier = opened(t, { port: relay.port, ...section });
      await assert.rejects(notifier.send(mail(), never), { failure: 'unreachable', retriable: true });
      assert.deepEqual(
        relay.clearLines.filter((line) => !/^(EHLO|STARTTLS|QUIT)/.test(line)),
        [],
      );
      assert.equal(relay.mails.length, 0);
    }
  });

  test('logs in only under TLS, and only with user and password', async (t) => {
    const relay = await startRelay(t, protectedRelay);
    await opened(t, { port: relay.port, ca_file: authority, ...login }).send(mail(), never);
    await opened(t, { port: relay.port, ca_file: authority, user: 'mon' }).send(mail(), never);
    assert.deepEqual(
      relay.clearLines.filter((line) => !/^(EHLO|STARTTLS)/.test(line)),
      [],
    );
    assert.deepEqual(
      relay.mails.map(({ isEncrypted }) => isEncrypted),
      [true, true],
    );
  });

  test('encrypts without a login where the relay offers it, whoever signed its certificate', async (t) => {
    const relay = await startRelay(t, protectedRelay);
    await opened(t, { port: relay.port }).send(mail(), never);
    assert.deepEqual(
      relay.mails.map(({ isEncrypted }) => isEncrypted),
      [true],
    );
  });

  test('sends as in 2014 to a relay without STARTTLS when there is no login', async (t) => {
    const relay = await startRelay(t, {});
    await opened(t, { port: relay.port, user: null, password: '' }).send(mail(), never);
    assert.deepEqual(
      relay.mails.map(({ from, to }) => [from, to]),
      [['<hpcs.mon@hp.com>', ['<me@here.com>']]],
    );
  });

  test('logs in in clear only when the operator wrote never, with a warning', async (t) => {
    const relay = await startRelay(t, { offersAuth: true, offersStarttls: true });
    const section = { port: relay.port, starttls: 'never', ...login };
    await opened(t, section).send(mail(), never);
    assert.equal(
      relay.clearLines.some((line) => line.startsWith('AUTH')),
      true,
    );
    const configured = emailPlugin.configure({ server: 'relay', from_addr: 'a@b', ...section });
    assert.match(configured.kind === 'ready' ? configured.warnings.join() : '', /in clear/);
  });

  test('drops what a stranger put in after the answer to STARTTLS', async (t) => {
    const relay = await startRelay(t, protectedRelay);
    relay.script.STARTTLS = '220 go ahead\r\n250 2.0.0 Ok: queued as EVIL';
    const notifier = opened(t, { port: relay.port, ca_file: authority, timeout: 0.5, ...login });
    await assert.rejects(notifier.send(mail(), never), { retriable: true });
    assert.equal(relay.mails.length, 0);
    assert.equal(
      relay.clearLines.some((line) => /^(AUTH|MAIL)/.test(line)),
      false,
    );
  });
});

describe('mail over several connections', () => {
  test('E6: a mail that goes out over a second connection is sent', async (t) => {
    const relay = await startRelay(t, {});
    const notifier = opened(t, { port: relay.port });
    await notifier.send(mail(), never);
    relay.dropConnections();
    await waitFor(() => relay.openCount === 0, 'the first connection to end');
    const receipt = await notifier.send(mail(), never);
    assert.equal(receipt.remoteId, '4XyZ');
    assert.equal(relay.mails.length, 2);
  });

  test('E6: a mail whose kept connection says 421 is sent over another one', async (t) => {
    const relay = await startRelay(t, {});
    const notifier = opened(t, { port: relay.port });
    await notifier.send(mail(), never);
    relay.script.MAIL = '421 4.4.2 idle for too long';
    const sending = notifier.send(mail(), never);
    await waitFor(() => relay.openCount === 0, 'the 421 to end the connection');
    delete relay.script.MAIL;
    await sending.catch(() => {});
    await notifier.send(mail(), never);
    assert.ok(relay.mails.length >= 2);
  });

  test('the first mail after the relay came up is sent', async (t) => {
    const first = await SmtpRelay.start();
    const { port } = first;
    await first.close();
    const notifier = opened(t, { port });
    await assert.rejects(notifier.send(mail(), never), { failure: 'unreachable', retriable: true });
    const relay = await SmtpRelay.start({}, port);
    t.after(() => relay.close());
    await notifier.send(mail(), never);
    assert.equal(relay.mails.length, 1);
  });

  test('a mail whose answer was lost goes out again under the same Message-ID (S3)', async (t) => {
    const relay = await startRelay(t, {});
    const notifier = opened(t, { port: relay.port });
    relay.script.dot = 'reset';
    await assert.rejects(notifier.send(mail(), never), { failure: 'outcome_unknown', retriable: true });
    delete relay.script.dot;
    await notifier.send({ ...mail(), attempt: 2 }, never);
    const ids = relay.mails.map(({ text }) => /^Message-ID: .*(?=\r$)/m.exec(text)?.[0]);
    assert.deepEqual(ids, Array(2).fill(`Message-ID: <${mail().id}@hp.com>`));
  });

  test('holds no more mails than its bound', async (t) => {
    const relay = await startRelay(t, {});
    relay.script.banner = 'hang';
    const notifier = opened(t, { port: relay.port });
    const giveUp = new AbortController();
    setMaxListeners(0, giveUp.signal);
    const sends = Array.from({ length: 500 }, () =>
      notifier.send(mail(), giveUp.signal).catch((error) => error.failure),
    );
    giveUp.abort();
    const failures = await Promise.all(sends);
    assert.equal(failures.filter((failure) => failure === 'rate_limited').length, 480);
    assert.ok(relay.connectionCount <= 10);
  });
});
