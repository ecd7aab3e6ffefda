import type { NotifierPlugin } from '../ports/notifier.js';
import { alertmanagerPlugin } from './alertmanager/plugin.js';
import { discordPlugin } from './discord/plugin.js';
import { emailPlugin } from './email/plugin.js';
import { jiraPlugin } from './jira/plugin.js';
import { mattermostPlugin } from './mattermost/plugin.js';
import { ntfyPlugin } from './ntfy/plugin.js';
import { opsgeniePlugin } from './opsgenie/plugin.js';
import { overHttp } from './over-http.js';
import { pagerdutyPlugin } from './pagerduty/plugin.js';
import { slackPlugin } from './slack/plugin.js';
import { smsPlugin } from './sms/plugin.js';
import { teamsPlugin } from './teams/plugin.js';
import { telegramPlugin } from './telegram/plugin.js';
import { webhookPlugin } from './webhook/plugin.js';

/** Every notifier that we ship: one line each. */
export const builtinNotifiers: readonly NotifierPlugin[] = [
  emailPlugin,
  ...[
    webhookPlugin,
    slackPlugin,
    pagerdutyPlugin,
    jiraPlugin,
    teamsPlugin,
    discordPlugin,
    mattermostPlugin,
    opsgeniePlugin,
    telegramPlugin,
    ntfyPlugin,
    alertmanagerPlugin,
    smsPlugin,
  ].map(overHttp),
];
