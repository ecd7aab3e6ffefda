import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmMessage, type Markup } from '../alarm-text.js';
import { cutText } from '../cut-text.js';
import { escapeMarkdown, markdown } from '../markdown.js';

/** Longer texts would be split into several posts. */
const longestText = 16_383;

/** A sign without width after `@` keeps an alarm from calling everybody in the channel. */
const quietMarkdown: Markup = {
  text: (plain) => escapeMarkdown(plain).replaceAll('@', '@\u200b'),
  link: markdown.link,
};

export const mattermostParts: readonly TemplatePart[] = [{ part: 'text', format: 'text', escape: quietMarkdown.text }];

/** A post. Source: developers.mattermost.com, "Incoming webhooks" (parameters) and "Message formatting". */
export function mattermostMessage(alarm: Alarm, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const builtIn = () => alarmMessage(alarm, longestText, quietMarkdown);
  return { text: texts.text === undefined ? builtIn() : cutText(texts.text, longestText) };
}
