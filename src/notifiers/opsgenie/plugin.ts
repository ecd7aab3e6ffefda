import { DeliveryError } from '../../domain/errors.js';
import type { Notification } from '../../domain/notification.js';
import { receiptOf2xx } from '../http-notifier.js';
import { apiPlugin, below, speechOf } from '../http-plugin.js';
import { incidentKey } from '../incident-key.js';
import { readJson, textIn } from '../json-answer.js';
import { closing, newAlert, opsgenieParts } from './message.js';

function isOver({ alarm }: Notification): boolean {
  return alarm.newState === 'OK';
}

/**
 * Type `opsgenie`: the address is the key of an API integration. One alert per alarm and method; OK closes it.
 *
 * 202 is `sent`, and says that the request is queued under the id that it returns. Works without a section of its own. Source:
 * docs.opsgenie.com, "Alert API" and "Response: status codes" (429 and 5xx may be tried again).
 */
export const opsgeniePlugin = apiPlugin({
  type: 'opsgenie',
  url: {
    default: 'https://api.opsgenie.com',
    description: 'base URL of the API; https://api.eu.opsgenie.com for accounts in the European Union',
  },
  covers: 'one request',
  keys: [],
  parts: opsgenieParts,
  needs: [],
  speak: (url) =>
    speechOf({
      destinationOf: () => url.host,
      messageOf: (notification, texts) => (isOver(notification) ? closing : newAlert)(notification, texts),
      requestOf(notification, message) {
        const key = notification.method.address.reveal().trim();
        if (!/^[A-Za-z0-9_-]{1,128}$/.test(key)) {
          throw new DeliveryError('the method’s address is not the key of an API integration', {
            failure: 'bad_address',
            retriable: false,
          });
        }
        const headers = { authorization: `GenieKey ${key}` };
        const body = JSON.stringify(message);
        if (!isOver(notification)) return { url: below(url, 'v2/alerts'), headers, body };
        const target = below(url, `v2/alerts/${incidentKey(notification)}/close`);
        target.search = 'identifierType=alias';
        return { url: target, headers, body };
      },
      receiptOf: (host, answer) => ({
        ...receiptOf2xx(host, answer),
        remoteId: textIn(readJson(answer.body), /^[0-9a-f-]{1,64}$/i, 'requestId'),
      }),
    }),
});
