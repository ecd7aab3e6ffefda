import type { Alarm } from '../../domain/alarm.js';
import { alarmMessage } from '../alarm-text.js';

/** What Slack advises for `text`; from 40,000 characters on it truncates by itself. */
const longestText = 4_000;

/** `&`, `<` and `>` as entities: nothing in an alarm can then mention a channel or pose as a link. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const markup = { text: escapeText, link: (url: string) => `<${escapeText(url)}>` };

/** The text of a Slack message. Source: docs.slack.dev, "Formatting message text" (escaping) and "chat.postMessage" (length). */
export function slackText(alarm: Alarm): string {
  return alarmMessage(alarm, longestText, markup);
}
