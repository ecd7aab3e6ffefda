import { apiPlugin } from '../http-plugin.js';
import type { Section } from '../section.js';
import { jiraMessage, jiraParts } from './message.js';
import { JiraNotifier } from './notifier.js';

function authorization(values: Section): string {
  const token = values.text('token');
  if (token !== undefined) return `Bearer ${token}`;
  const pair = `${values.text('user') ?? ''}:${values.text('password') ?? ''}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Type `jira`: the address is `<url>/?project=KEY`, with `&component=NAME` if wished. Needs the URL of one Jira and a login. */
export const jiraPlugin = apiPlugin({
  type: 'jira',
  url: {
    default: undefined,
    description: 'base URL of the one Jira that the login may be shown to; addresses must be below it',
  },
  covers: 'all calls that one notification takes',
  keys: [
    { key: 'user', type: 'text', default: undefined, description: 'login name; in Jira Cloud the e-mail address' },
    { key: 'password', type: 'secret', default: undefined, description: 'its password; in Jira Cloud an API token' },
    {
      key: 'token',
      type: 'secret',
      default: undefined,
      description: 'personal access token of Server or Data Center, instead of user and password',
    },
  ],
  parts: jiraParts,
  needs: ['url'],
  lacks: (values) => {
    const hasLogin = values.text('user') !== undefined && values.text('password') !== undefined;
    return hasLogin || values.text('token') !== undefined ? [] : ['user with password, or token,'];
  },
  speak: (url, values) => {
    const key = `notification_types.jira.${values.text('token') === undefined ? 'user and password' : 'token'}`;
    const access = { url, authorization: authorization(values), key };
    return {
      messageOf: jiraMessage,
      open: (http, deps, timeoutMs) => new JiraNotifier(http, access, deps.clock, timeoutMs),
    };
  },
});
