import { DeliveryError } from '../../domain/errors.js';
import { receiptOf2xx } from '../http-notifier.js';
import { apiPlugin, speechOf } from '../http-plugin.js';
import { refusal } from '../http-status.js';
import { readJson, textIn } from '../json-answer.js';
import { ntfyMessage, ntfyParts } from './message.js';

/**
 * Type `ntfy`: the address is a topic on the configured server; who knows a topic may read it, so it is a credential.
 *
 * Works without a section of its own. Source: docs.ntfy.sh, "Publishing" (JSON, access tokens) and "Limitations".
 */
export const ntfyPlugin = apiPlugin({
  type: 'ntfy',
  url: { default: 'https://ntfy.sh', description: 'URL of the server' },
  covers: 'one message',
  keys: [{ key: 'token', type: 'secret', default: undefined, description: 'access token, for servers that want one' }],
  parts: ntfyParts,
  needs: [],
  speak: (url, values) => {
    const token = values.text('token');
    return speechOf({
      destinationOf: () => url.host,
      messageOf: ({ alarm }, texts) => ntfyMessage(alarm, texts),
      requestOf({ method }, message) {
        const topic = method.address.reveal().trim();
        if (!/^[A-Za-z0-9_-]{1,64}$/.test(topic)) {
          throw new DeliveryError('the method’s address is not a topic', { failure: 'bad_address', retriable: false });
        }
        const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
        return { url, headers, body: JSON.stringify({ topic, ...message }) };
      },
      receiptOf(host, answer) {
        if (answer.status < 200 || answer.status > 299) {
          throw refusal(host, answer, token === undefined ? undefined : 'notification_types.ntfy.token');
        }
        return { ...receiptOf2xx(host, answer), remoteId: textIn(readJson(answer.body), /^[A-Za-z0-9]{1,64}$/, 'id') };
      },
    });
  },
});
