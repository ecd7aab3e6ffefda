import { urlPlugin } from '../http-plugin.js';
import { parseHttpAddress } from '../http-post.js';
import { alertGroup } from './message.js';

/** Type `alertmanager`: the address is the URL of anything that takes Alertmanager's webhooks. Any 2xx is `sent`. */
export const alertmanagerPlugin = urlPlugin('alertmanager', {
  requestOf: (notification) => ({
    url: parseHttpAddress(notification.method.address.reveal()),
    headers: {},
    body: JSON.stringify(alertGroup(notification)),
  }),
});
