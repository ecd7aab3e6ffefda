import { DeliveryError } from '../../domain/errors.js';
import { receiptOf2xx } from '../http-notifier.js';
import { apiPlugin, below, speechOf } from '../http-plugin.js';
import { type HttpAnswer, refusal } from '../http-status.js';
import { readJson, textIn, valueIn } from '../json-answer.js';
import { telegramMessage, telegramParts } from './message.js';

const tokenKey = 'notification_types.telegram.token';
const longestPauseSeconds = 3_600;

/** Telegram names the pause in the body, and calls an unknown token "not found": nothing else of this method is answered 404. */
function asOthersSayIt(answer: HttpAnswer): HttpAnswer {
  const seconds = valueIn(readJson(answer.body), 'parameters', 'retry_after');
  const isPause = typeof seconds === 'number' && seconds >= 0;
  return {
    ...answer,
    status: answer.status === 404 ? 401 : answer.status,
    retryAfterMs: isPause ? Math.min(seconds, longestPauseSeconds) * 1000 : answer.retryAfterMs,
  };
}

/**
 * Type `telegram`: the address is a chat id, such as `-1001234567890`, or `@channelname`. Needs the token of a bot that may write there.
 *
 * Source: core.telegram.org/bots/api, "Making requests" (`ok`, `parameters.retry_after`) and "sendMessage".
 */
export const telegramPlugin = apiPlugin({
  type: 'telegram',
  url: { default: 'https://api.telegram.org', description: 'base URL of the Bot API' },
  covers: 'one message',
  keys: [{ key: 'token', type: 'secret', default: undefined, description: 'token of the bot' }],
  parts: telegramParts,
  needs: ['token'],
  speak: (url, values) => {
    // The colon in a token is sent as it is, as the documents write it.
    const bot = encodeURIComponent(values.text('token') ?? '').replaceAll('%3A', ':');
    const target = below(url, `bot${bot}/sendMessage`);
    return speechOf({
      destinationOf: () => url.host,
      messageOf: ({ alarm }, texts) => telegramMessage(alarm, texts),
      requestOf({ method }, message) {
        const chatId = method.address.reveal().trim();
        if (!/^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$/.test(chatId)) {
          throw new DeliveryError('the method’s address is neither a chat id nor @channelname', {
            failure: 'bad_address',
            retriable: false,
          });
        }
        return { url: target, headers: {}, body: JSON.stringify({ chat_id: chatId, ...message }) };
      },
      receiptOf(host, answer) {
        if (answer.status < 200 || answer.status > 299) throw refusal(host, asOthersSayIt(answer), tokenKey);
        const remoteId = textIn(readJson(answer.body), /^[0-9]{1,20}$/, 'result', 'message_id');
        return { ...receiptOf2xx(host, answer), remoteId };
      },
    });
  },
});
