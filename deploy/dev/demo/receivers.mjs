/**
 * Who is told: a mail server and two HTTP receivers on loopback, those of the tests, so built before.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rootFolder } from '../build.mjs';

/** How long the slow receiver thinks. */
export const slowMs = 2_000;

const support = async (name) => await import(pathToFileURL(join(rootFolder, 'dist/.test/test/support', name)).href);

/** Starts them; they keep what they get: `mail.mails`, `web.requests`, `slow.requests`. */
export async function startReceivers() {
  const { MailCatcher } = await support('mail-catcher.js');
  const { HttpCatcher } = await support('http-catcher.js');
  const [mail, web, slow] = await Promise.all([MailCatcher.start(), HttpCatcher.start(), HttpCatcher.start()]);
  web.answer('/busy', { status: 503, body: 'come back later' });
  web.answer('/gone', { status: 404, body: 'no such hook' });
  slow.answer('*', { delayMs: slowMs });
  return { mail, web, slow, stop: async () => await Promise.all([mail.stop(), web.stop(), slow.stop()]) };
}

/** The lines of a mail worth showing: who, what, and the text as it was received, at most `limit` lines. */
export function mailLines({ from, to, headers, raw }, limit) {
  const [, ...parts] = raw.split('\r\n\r\n');
  const text = parts.join('\n\n').trimEnd().split(/\r?\n/);
  const rest = text.length > limit ? [`… ${text.length - limit} more lines`] : [];
  return [
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    `Subject: ${headers.subject}`,
    `Message-ID: ${headers['message-id']}`,
    '',
    ...text.slice(0, limit),
    ...rest,
  ];
}

/** The lines of a request worth showing: the header that makes repeats recognizable, and the JSON, one line per key. */
export function requestLines({ headers, body }) {
  const fields = Object.entries(JSON.parse(body));
  const width = Math.max(...fields.map(([key]) => key.length)) + 2;
  return [
    `webhook-id: ${headers['webhook-id']}`,
    `content-type: ${headers['content-type']}`,
    '',
    '{',
    ...fields.map(([key, value]) => `  ${`"${key}"`.padEnd(width)} : ${JSON.stringify(value)}`),
    '}',
  ];
}
