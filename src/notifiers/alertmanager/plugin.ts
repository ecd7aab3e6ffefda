import { urlPlugin } from '../http-plugin.js';
import { alertGroup, alertmanagerParts } from './message.js';

/** Type `alertmanager`: the address is the URL of anything that takes Alertmanager's webhooks. Any 2xx is `sent`. */
export const alertmanagerPlugin = urlPlugin('alertmanager', alertmanagerParts, { messageOf: alertGroup });
