import { urlPlugin } from '../http-plugin.js';
import { teamsMessage, teamsParts } from './message.js';

/**
 * Type `teams`: the address is the URL of a Workflows webhook; its signature stands in the query, so the whole is a credential.
 *
 * Any 2xx is `sent`: a workflow answers 202 before it posts. Source: learn.microsoft.com, "Create incoming webhooks with Workflows".
 */
export const teamsPlugin = urlPlugin('teams', teamsParts, {
  messageOf: ({ alarm }, texts) => teamsMessage(alarm, texts),
});
