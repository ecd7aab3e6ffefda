import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Alarm } from '../../src/domain/alarm.js';
import type { Notification } from '../../src/domain/notification.js';
import { emailPlugin } from '../../src/notifiers/email/plugin.js';
import { webhookPlugin } from '../../src/notifiers/webhook/plugin.js';
import type { NotifierPlugin } from '../../src/ports/notifier.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { HttpReceiver } from '../support/http-receiver.js';
import { aNotification, anAlarm } from '../support/notifications.js';
import { silentLogger } from '../support/silent-logger.js';
import { SmtpRelay } from '../support/smtp-relay.js';

const hostileCount = 10_000;
const atOnceCount = 16;
const never = new AbortController().signal;
setMaxListeners(0, never);

/** Texts that have broken out of headers, encoded words, addresses, SMTP commands and bodies. */
const hostile = fc.string({
  unit: fc.constantFrom(
    ...[
      '\r\n',
      '\r',
      '\n',
      '\n ',
      '\0',
      '\t',
      '\x0b',
      '\x7f',
      '\x85',
      '\u2028',
      '\ufeff',
      '\u202e',
      '\ud800',
      '\uff0c',
    ],
    ...[
      'Bcc: evil@evil.example',
      'X-Injected: yes',
      ': ',
      ',',
      ';',
      '"',
      '<',
      '>',
      '@',
      '(',
      '\\',
      '=?utf-8?q?=0A?=',
      '?=',
    ],
    ...[
      '\r\n.\r\n',
      '\n.\n',
      '\r\nRCPT TO:<evil@evil.example>',
      'Content-Length: 0',
      '<script>',
      '%0d%0a',
      'é',
      '😀',
      'a',
      ' ',
    ],
  ),
  maxLength: 12,
});

const alarms: fc.Arbitrary<Alarm> = fc
  .record({
    alarmName: hostile,
    alarmDescription: hostile,
    stateChangeReason: hostile,
    newState: hostile,
    oldState: hostile,
    alarmId: hostile,
    tenantId: hostile,
    severity: fc.option(hostile, { nil: undefined }),
    link: fc.option(hostile, { nil: undefined }),
    lifecycleState: hostile,
    metrics: fc.array(
      fc.record({ name: hostile, dimensions: fc.record({ hostname: hostile, target_host: hostile }) }),
      {
        maxLength: 2,
      },
    ),
  })
  .map((changes) => anAlarm(changes));

async function sendAll(
  plugin: NotifierPlugin,
  section: Readonly<Record<string, unknown>>,
  address: string,
): Promise<Notification> {
  const configured = plugin.configure(section);
  assert.ok(configured.kind === 'ready');
  const http = { allow: ['127.0.0.1'], concurrencyPerDestination: atOnceCount };
  const notifier = configured.open({
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    http,
    senders: 1,
  });
  const sampled = fc.sample(alarms, hostileCount);
  const work = async () => {
    for (let alarm = sampled.pop(); alarm !== undefined; alarm = sampled.pop()) {
      await notifier.send(aNotification(plugin.type, address, { alarm }), never);
    }
  };
  await Promise.all(Array.from({ length: atOnceCount }, work));
  await notifier.close();
  return aNotification(plugin.type, address);
}

test(`the headers of a webhook are the same for ${hostileCount} hostile alarms`, async (t) => {
  const receiver = await HttpReceiver.start();
  t.after(() => receiver.close());
  const sample = await sendAll(webhookPlugin, {}, receiver.url());
  assert.equal(receiver.requests.length, hostileCount);
  for (const { line, headers, body } of receiver.requests) {
    assert.equal(line, 'POST /hook?x=1 HTTP/1.1');
    const fixed = headers.filter(([name]) => name !== 'content-length').map(([name, value]) => `${name}: ${value}`);
    assert.deepEqual(fixed, [
      `host: 127.0.0.1:${receiver.port}`,
      'connection: keep-alive',
      'content-type: application/json',
      `webhook-id: ${sample.id}`,
      `Idempotency-Key: ${sample.id}`,
      'accept-encoding: identity',
    ]);
    assert.equal(typeof JSON.parse(body).alarm_name, 'string');
  }
});

test(`sender, recipient and header names of a mail are the same for ${hostileCount} hostile alarms`, async (t) => {
  const relay = await SmtpRelay.start({ offersPipelining: true });
  t.after(() => relay.close());
  const section = { server: '127.0.0.1', port: relay.port, from_addr: 'mon@example.com', grafana_url: 'http://g' };
  const sample = await sendAll(emailPlugin, section, 'me@here.example');
  assert.equal(relay.mails.length, hostileCount);
  for (const { from, to, text } of relay.mails) {
    assert.deepEqual([from, to], ['<mon@example.com>', ['<me@here.example>']]);
    const end = text.indexOf('\r\n\r\n');
    const headers = text
      .slice(0, end)
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n');
    const fixed = headers.filter(
      (header) => !/^(Subject|Date|In-Reply-To|References|Content-Transfer-Encoding): /.test(header),
    );
    assert.deepEqual(fixed, [
      'Auto-Submitted: auto-generated',
      'X-Auto-Response-Suppress: OOF, AutoReply',
      'List-ID: <mon-notification.example.com>',
      'From: mon@example.com',
      'To: me@here.example',
      `Message-ID: <${sample.id}@example.com>`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
    ]);
    assert.ok(headers.length <= 13);
    for (const header of headers) assert.match(header, /^[\x20-\x7e]+$/);
    const thread = /^(?:In-Reply-To|References): <[\w-]{32}\.thread@example\.com>$/;
    assert.equal(headers.filter((header) => thread.test(header)).length, 2);
    // The relay counted each mail once; and nothing is left that another one could take for a line of its own.
    for (const line of text.slice(end + 4).split('\r\n')) assert.match(line, /^[\t\x20-\x7f]{0,998}$/);
  }
});
