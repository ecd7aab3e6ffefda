import { apiPlugin, speechOf } from '../http-plugin.js';
import { pagerdutyParts } from './message.js';
import { pagerdutyDialect } from './notifier.js';

/** Type `pagerduty`: the address is the integration key of a service. Works without a section of its own. */
export const pagerdutyPlugin = apiPlugin({
  type: 'pagerduty',
  url: {
    default: 'https://events.pagerduty.com/v2/enqueue',
    description:
      'where events are posted; a URL below /generic/ gets the form of Events API v1, for keys of that version',
  },
  covers: 'one event',
  keys: [],
  parts: pagerdutyParts,
  needs: [],
  speak: (url) => speechOf(pagerdutyDialect(url)),
});
