import type { Alarm } from '../../domain/alarm.js';
import { alarmMessage, type Markup } from '../alarm-text.js';
import { escapeMarkdown, markdown } from '../markdown.js';

/** Longer texts would be split into several posts. */
const longestText = 16_383;

/** A sign without width after `@` keeps an alarm from calling everybody in the channel. */
const quietMarkdown: Markup = {
  text: (plain) => escapeMarkdown(plain).replaceAll('@', '@\u200b'),
  link: markdown.link,
};

/** A post. Source: developers.mattermost.com, "Incoming webhooks" (parameters) and "Message formatting". */
export function mattermostMessage(alarm: Alarm): Readonly<Record<string, unknown>> {
  return { text: alarmMessage(alarm, longestText, quietMarkdown) };
}
