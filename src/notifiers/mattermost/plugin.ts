import { urlPlugin } from '../http-plugin.js';
import { mattermostMessage, mattermostParts } from './message.js';

/** Type `mattermost`: the address is the URL of an incoming webhook; servers in the own network need `http.allow`. Any 2xx is `sent`. */
export const mattermostPlugin = urlPlugin('mattermost', mattermostParts, {
  messageOf: ({ alarm }, texts) => mattermostMessage(alarm, texts),
});
