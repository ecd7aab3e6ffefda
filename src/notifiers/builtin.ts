import type { NotifierPlugin } from '../ports/notifier.js';
import { emailPlugin } from './email/plugin.js';
import { jiraPlugin } from './jira/plugin.js';
import { pagerdutyPlugin } from './pagerduty/plugin.js';
import { slackPlugin } from './slack/plugin.js';
import { webhookPlugin } from './webhook/plugin.js';

/** Every notifier that we ship: one line each. */
export const builtinNotifiers: readonly NotifierPlugin[] = [
  emailPlugin,
  webhookPlugin,
  slackPlugin,
  pagerdutyPlugin,
  jiraPlugin,
];
