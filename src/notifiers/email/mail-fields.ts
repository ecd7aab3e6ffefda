import type { Notification } from '../../domain/notification.js';
import { incidentKey } from '../incident-key.js';

/**
 * What a mail carries beside its text, none of it from an alarm's words.
 *
 * The id is the notification's, the same from every host and at every attempt. All mails of one alarm to one method answer the same message,
 * which was never sent, so that mail programs show them as one thread. Automatic, so that nobody's absence is answered to us, while reports
 * of failed delivery stay wanted and name the notification. Source: RFC 5322 3.6.4, RFC 3834 5, RFC 2919, RFC 3461.
 */
export function mailFields(notification: Notification, domain: string) {
  const thread = `<${incidentKey(notification)}.thread@${domain}>`;
  return {
    messageId: `<${notification.id}@${domain}>`,
    inReplyTo: thread,
    references: thread,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'OOF, AutoReply',
      'List-ID': `<mon-notification.${domain}>`,
    },
    dsn: { id: notification.id, return: 'headers' as const, notify: ['failure' as const] },
  };
}

/** Lines that end as mail wants it: a lone carriage return is a line end to some servers, and a part of the text to others. */
export function mailLines(text: string): string {
  return text.replace(/\r\n?|[\n\u0085\u2028\u2029]/g, '\r\n');
}

/** The limit of RFC 5322 2.1.1 with its line end; nodemailer would encode from 76 on, and nobody could read that as it is. */
const longestLineCharacters = 998;

/** True for text that every server passes on as it is: printable ASCII in lines that are not too long. */
export function isSevenBit(text: string): boolean {
  return /^[\t\r\n\x20-\x7e]*$/.test(text) && text.split('\r\n').every((line) => line.length <= longestLineCharacters);
}

/**
 * The subject, written as it is where that is safe, and otherwise left to nodemailer to encode, which it would do for a quotation mark already.
 *
 * Never as it is: anything but printable ASCII, what looks like an encoded word, and runs of blanks, where folding could make an empty line.
 */
export function subjectField(subject: string) {
  const isPlain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(subject) && !subject.includes('=?');
  return isPlain ? { headers: { Subject: { prepared: true, foldLines: true, value: subject } } } : { subject };
}
