import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmTitle, oneLine } from '../alarm-text.js';
import { cutText } from '../cut-text.js';

/** The API takes 1,600 characters and charges each 153 of them, or 67 outside GSM 03.38: nobody reads more than three parts of one text. */
const longestBody = 459;

export const smsParts: readonly TemplatePart[] = [{ part: 'text', format: 'text' }];

/** One line: state, severity, name, host, reason. */
export function smsText(alarm: Alarm, texts: MessageTexts = {}): string {
  return cutText(oneLine(texts.text ?? `${alarmTitle(alarm)}: ${alarm.stateChangeReason}`), longestBody);
}
