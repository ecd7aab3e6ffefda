import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmTitle, changedAt, linkOf, longestTitle, oneLine } from '../alarm-text.js';
import { cutText, utf8Bytes } from '../cut-text.js';

/** A longer message would arrive as an attached file. */
const longestMessageBytes = 4_096;
const longestIdBytes = 200;

export const ntfyParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
];

const priorities: ReadonlyMap<string, number> = new Map([
  ['CRITICAL', 5],
  ['HIGH', 4],
  ['MEDIUM', 3],
  ['LOW', 2],
]);

const tags: ReadonlyMap<string, string> = new Map([
  ['OK', 'white_check_mark'],
  ['ALARM', 'rotating_light'],
]);

function builtInText(alarm: Alarm): string {
  const time = changedAt(alarm);
  const id = cutText(oneLine(alarm.alarmId), longestIdBytes, utf8Bytes);
  const end = `Alarm ${id}${time === undefined ? '' : ` at ${time}`}`;
  const reason = cutText(alarm.stateChangeReason, longestMessageBytes - utf8Bytes(end) - 1, utf8Bytes);
  return reason === '' ? end : `${reason}\n${end}`;
}

/** A message in JSON form without its topic, so that neither topic nor alarm stands in an address or a header. Source: docs.ntfy.sh, "Publish as JSON". */
export function ntfyMessage(alarm: Alarm, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  const link = linkOf(alarm);
  // A recovery wakes nobody at night.
  const priority = alarm.newState === 'OK' ? 3 : (priorities.get(alarm.severity?.toUpperCase() ?? '') ?? 4);
  return {
    title: texts.subject === undefined ? alarmTitle(alarm) : cutText(oneLine(texts.subject), longestTitle),
    message: texts.text === undefined ? builtInText(alarm) : cutText(texts.text, longestMessageBytes, utf8Bytes),
    priority,
    tags: [tags.get(alarm.newState) ?? 'grey_question'],
    ...(link === undefined ? {} : { click: link }),
  };
}
