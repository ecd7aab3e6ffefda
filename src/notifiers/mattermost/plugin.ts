import { urlPlugin } from '../http-plugin.js';
import { parseHttpAddress } from '../http-post.js';
import { mattermostMessage } from './message.js';

/** Type `mattermost`: the address is the URL of an incoming webhook; servers in the own network need `http.allow`. Any 2xx is `sent`. */
export const mattermostPlugin = urlPlugin('mattermost', {
  requestOf: ({ alarm, method }) => ({
    url: parseHttpAddress(method.address.reveal()),
    headers: {},
    body: JSON.stringify(mattermostMessage(alarm)),
  }),
});
