import { urlPlugin } from '../http-plugin.js';
import { slackParts } from './message.js';
import { slackDialect } from './notifier.js';

/** Type `slack`: the address is an incoming webhook, or the URL of chat.postMessage with `token` and `channel` in its query. */
export const slackPlugin = urlPlugin('slack', slackParts, slackDialect);
