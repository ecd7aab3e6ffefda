import { settleCommand } from './settle-command.js';

/** Strikes letters off the list, unsent. Their records stay on the topic for as long as it keeps them. */
export const command = settleCommand('discarded', () => async () => 'nothing');
