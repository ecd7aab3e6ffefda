import { receiptOf2xx } from '../http-notifier.js';
import { urlPlugin } from '../http-plugin.js';
import { parseHttpAddress } from '../http-post.js';
import { readJson, textIn } from '../json-answer.js';
import { discordMessage, discordParts } from './message.js';

/**
 * Type `discord`: the address is the URL of a channel's webhook.
 *
 * With `wait=true` Discord answers when the message is stored, and names it; 429 says `Retry-After` in seconds. Source:
 * discord.com/developers, "Execute Webhook" and "Rate Limits".
 */
export const discordPlugin = urlPlugin('discord', discordParts, {
  messageOf: ({ alarm }, texts) => discordMessage(alarm, texts),
  requestOf({ method }, message) {
    const url = parseHttpAddress(method.address.reveal());
    url.searchParams.set('wait', 'true');
    return { url, headers: {}, body: JSON.stringify(message) };
  },
  receiptOf: (host, answer) => ({
    ...receiptOf2xx(host, answer),
    remoteId: textIn(readJson(answer.body), /^[0-9]{1,20}$/, 'id'),
  }),
});
