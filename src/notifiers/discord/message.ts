import type { Alarm } from '../../domain/alarm.js';
import { alarmMessage } from '../alarm-text.js';
import { markdown } from '../markdown.js';

const longestContent = 2_000;

/** A message that mentions nobody, whatever the alarm says. Source: discord.com/developers, "Execute Webhook", "Allowed Mentions Object". */
export function discordMessage(alarm: Alarm): Readonly<Record<string, unknown>> {
  return { content: alarmMessage(alarm, longestContent, markdown), allowed_mentions: { parse: [] } };
}
