import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmMessage } from '../alarm-text.js';
import { cutText } from '../cut-text.js';
import { markdown } from '../markdown.js';

const longestContent = 2_000;

export const discordParts: readonly TemplatePart[] = [{ part: 'text', format: 'text', escape: markdown.text }];

/** A message that mentions nobody, whatever the alarm says. Source: discord.com/developers, "Execute Webhook", "Allowed Mentions Object". */
export function discordMessage(alarm: Alarm, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const builtIn = () => alarmMessage(alarm, longestContent, markdown);
  const content = texts.text === undefined ? builtIn() : cutText(texts.text, longestContent);
  return { content, allowed_mentions: { parse: [] } };
}
