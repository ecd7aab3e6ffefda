import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmMessage } from '../alarm-text.js';
import { cutText } from '../cut-text.js';

const longestText = 4_096;

export const telegramParts: readonly TemplatePart[] = [{ part: 'text', format: 'text' }];

/** Arguments of sendMessage but the chat; without a parse mode the text is shown as it is. Source: core.telegram.org/bots/api, "sendMessage". */
export function telegramMessage(alarm: Alarm, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  return {
    text: texts.text === undefined ? alarmMessage(alarm, longestText) : cutText(texts.text, longestText),
    link_preview_options: { is_disabled: true },
  };
}
