import type { Alarm } from '../../domain/alarm.js';
import { alarmMessage } from '../alarm-text.js';

const longestText = 4_096;

/** Arguments of sendMessage; without a parse mode the text is shown as it is. Source: core.telegram.org/bots/api, "sendMessage". */
export function telegramMessage(alarm: Alarm, chatId: string): Readonly<Record<string, unknown>> {
  return {
    chat_id: chatId,
    text: alarmMessage(alarm, longestText),
    link_preview_options: { is_disabled: true },
  };
}
