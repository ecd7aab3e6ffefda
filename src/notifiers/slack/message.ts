import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmMessage } from '../alarm-text.js';
import { cutText } from '../cut-text.js';

/** What Slack advises for `text`; from 40,000 characters on it truncates by itself. */
const longestText = 4_000;

/** `&`, `<` and `>` as entities: nothing in an alarm can then mention a channel or pose as a link. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `body` stands in for the whole message, blocks and all. */
export const slackParts: readonly TemplatePart[] = [
  { part: 'text', format: 'text', escape: escapeText },
  { part: 'body', format: 'json', escape: escapeText },
];

const markup = { text: escapeText, link: (url: string) => `<${escapeText(url)}>` };

/** A Slack message. Source: docs.slack.dev, "Formatting message text" (escaping) and "chat.postMessage" (length). */
export function slackMessage(alarm: Alarm, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  if (texts.body !== undefined) return JSON.parse(texts.body);
  return {
    text: texts.text === undefined ? alarmMessage(alarm, longestText, markup) : cutText(texts.text, longestText),
  };
}
