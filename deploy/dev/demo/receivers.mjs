/**
 * Who is told: a mail server and two HTTP receivers on loopback, those of the tests, so built before. A third is an
 * endpoint that is watched.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rootFolder } from '../build.mjs';

/** How long the slow receiver thinks. */
export const slowMs = 2_000;

/** Where a receiver stands in for an incoming webhook of Slack. */
export const slackPath = '/services/T1/B1/x';

const support = async (name) => await import(pathToFileURL(join(rootFolder, 'dist/.test/test/support', name)).href);

/** Starts them; they keep what they get: `mail.mails`, `web.requests`, `slow.requests`, `shop.requests`. */
export async function startReceivers() {
  const { MailCatcher } = await support('mail-catcher.js');
  const { HttpCatcher } = await support('http-catcher.js');
  const [mail, web, slow, shop] = await Promise.all([
    MailCatcher.start(),
    ...Array.from({ length: 3 }, () => HttpCatcher.start()),
  ]);
  web.answer(slackPath, { body: 'ok' });
  web.answer('/busy', { status: 503, body: 'come back later' }, {});
  web.answer('/gone', { status: 404, body: 'no such hook' });
  slow.answer('*', { delayMs: slowMs });
  const all = [mail, web, slow, shop];
  return { mail, web, slow, shop, stop: async () => await Promise.all(all.map((one) => one.stop())) };
}

/** Header text as a mail program shows it: encoded words decoded. Source: RFC 2047. */
function headerText(text) {
  return text.replace(/\?= +=\?/g, '?==?').replace(/=\?[\w-]+\?([QB])\?([^?]*)\?=/gi, (_, encoding, word) => {
    if (encoding.toUpperCase() === 'B') return Buffer.from(word, 'base64').toString();
    return unquoted(word.replaceAll('_', ' '));
  });
}

function unquoted(text) {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/** The text of a mail as a mail program shows it. */
function bodyText({ headers, raw }) {
  const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
  const encoding = headers['content-transfer-encoding']?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? unquoted(body.replace(/=\r\n/g, '')) : body;
}

/** The lines of a mail worth showing: who, what, and at most `limit` lines of its text. */
export function mailLines(mail, limit) {
  const text = bodyText(mail).trimEnd().split(/\r?\n/);
  const rest = text.length > limit ? [`… and ${text.length - limit} more lines`] : [];
  const { from, headers } = mail;
  return [
    `From: ${from}`,
    `Subject: ${headerText(headers.subject)}`,
    `Message-ID: ${headers['message-id']}`,
    '',
    ...text.slice(0, limit),
    ...rest,
  ];
}

/** The lines of a post to Slack: its text as people read it. */
export function slackLines({ headers, body }) {
  const text = JSON.parse(body).text.split('\n');
  return [`content-type: ${headers['content-type']}`, '', '{ "text":', ...text.map((line) => `    ${line}`), '}'];
}

/** The lines of a request worth showing: the header that makes repeats recognizable, and the JSON, one line per key. */
export function requestLines({ headers, body }, keys) {
  const all = JSON.parse(body);
  const fields = Object.entries(all).filter(([key]) => keys === undefined || keys.includes(key));
  const width = Math.max(...fields.map(([key]) => key.length)) + 2;
  const isPart = fields.length < Object.keys(all).length;
  return [
    `webhook-id: ${headers['webhook-id']}`,
    `content-type: ${headers['content-type']}`,
    '',
    '{',
    ...fields.map(([key, value], index) => {
      const comma = isPart || index < fields.length - 1 ? ',' : '';
      return `  ${`"${key}"`.padEnd(width)} : ${JSON.stringify(value)}${comma}`;
    }),
    isPart ? '  … }' : '}',
  ];
}
