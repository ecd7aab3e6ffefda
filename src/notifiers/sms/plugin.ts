import { DeliveryError } from '../../domain/errors.js';
import type { Notification } from '../../domain/notification.js';
import { type MessageBody, receiptOf2xx } from '../http-notifier.js';
import { apiPlugin, below, speechOf } from '../http-plugin.js';
import { refusal } from '../http-status.js';
import { readJson, textIn } from '../json-answer.js';
import type { Section } from '../section.js';
import { smsParts, smsText } from './message.js';

/** A number as people write it, in the form `+491701234567`. @throws DeliveryError `bad_address`. */
function phoneNumber(address: string): string {
  const number = address.replace(/[ ()./-]/g, '');
  if (address.length <= 40 && /^\+[1-9][0-9]{6,14}$/.test(number)) return number;
  throw new DeliveryError('the method’s address is not a phone number with + and country code', {
    failure: 'bad_address',
    retriable: false,
  });
}

function form({ method }: Notification, { Body }: MessageBody, values: Section): string {
  const from = values.text('from') ?? '';
  const fields = new URLSearchParams({ To: phoneNumber(method.address.reveal()), Body: String(Body) });
  fields.set(/^MG[0-9a-f]{32}$/i.test(from) ? 'MessagingServiceSid' : 'From', from);
  return fields.toString();
}

/**
 * Type `sms`: the address is a phone number with `+` and country code. Needs an account with Twilio, or with a provider that speaks its API.
 *
 * 201 is `sent`: queued at the provider, under the id that it returns. Source: twilio.com/docs, "Messages resource: Create a Message" and
 * "Twilio API responses".
 */
export const smsPlugin = apiPlugin({
  type: 'sms',
  url: { default: 'https://api.twilio.com', description: 'base URL of the provider' },
  covers: 'one message',
  keys: [
    { key: 'account', type: 'text', default: undefined, description: 'account SID' },
    { key: 'token', type: 'secret', default: undefined, description: 'auth token of the account' },
    {
      key: 'from',
      type: 'text',
      default: undefined,
      description: 'sender: a number, a name, or the SID of a messaging service',
    },
  ],
  needs: ['account', 'token', 'from'],
  parts: smsParts,
  speak: (url, values) => {
    const account = values.text('account') ?? '';
    const pair = Buffer.from(`${account}:${values.text('token') ?? ''}`).toString('base64');
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${pair}` };
    const target = below(url, `2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`);
    return speechOf({
      destinationOf: () => url.host,
      messageOf: ({ alarm }, texts) => ({ Body: smsText(alarm, texts) }),
      requestOf: (notification, message) => ({ url: target, headers, body: form(notification, message, values) }),
      receiptOf(host, answer) {
        if (answer.status < 200 || answer.status > 299) {
          throw refusal(host, answer, 'notification_types.sms.account and token');
        }
        return {
          ...receiptOf2xx(host, answer),
          remoteId: textIn(readJson(answer.body), /^[A-Z]{2}[0-9a-f]{32}$/i, 'sid'),
        };
      },
    });
  },
});
