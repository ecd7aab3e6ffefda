import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmTitle, changedAt, hostnamesOf, linkOf, longestTitle, oneLine } from '../alarm-text.js';
import { cutText, jsonBytes } from '../cut-text.js';

/** A message may have 28 KB in all; title and details take less than 5 of them. */
const longestReasonBytes = 20_000;
const longestLineBytes = 1_000;

const longestMessageBytes = 28 * 1024;

/** `text` stands in for reason and details, `body` for the whole message. */
export const teamsParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
  { part: 'body', format: 'json', mostBytes: longestMessageBytes },
];

const colours: ReadonlyMap<string, string> = new Map([
  ['OK', 'Good'],
  ['ALARM', 'Attention'],
]);

/** Text runs are shown as they are: other elements of a card read Markdown, links included. */
function line(text: string, style: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}

function details(alarm: Alarm): string {
  const hosts = hostnamesOf(alarm);
  const where = hosts.length > 1 ? `Hosts: ${hosts.join(', ')}. ` : '';
  const time = changedAt(alarm);
  const when = time === undefined ? '' : ` at ${time}`;
  return cutText(oneLine(`${where}Alarm ${alarm.alarmId}${when}`), longestLineBytes, jsonBytes);
}

/**
 * A message with one Adaptive Card, as the workflow "Send webhook alerts to a channel" takes it.
 *
 * Source: learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams" (envelope), "Microsoft Teams connector" (28 KB);
 * adaptivecards.io, schema 1.4 (RichTextBlock, Action.OpenUrl).
 */
export function teamsMessage(alarm: Alarm, texts: MessageTexts = {}): Readonly<Record<string, unknown>> {
  if (texts.body !== undefined) return JSON.parse(texts.body);
  const link = linkOf(alarm);
  const colour = colours.get(alarm.newState) ?? 'Warning';
  const reason = cutText(texts.text ?? alarm.stateChangeReason, longestReasonBytes, jsonBytes);
  const title = texts.subject === undefined ? alarmTitle(alarm) : cutText(oneLine(texts.subject), longestTitle);
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      line(title, { weight: 'Bolder', size: 'Medium', color: colour }),
      ...(reason === '' ? [] : [line(reason)]),
      ...(texts.text === undefined ? [line(details(alarm), { isSubtle: true, size: 'Small' })] : []),
    ],
    ...(link === undefined ? {} : { actions: [{ type: 'Action.OpenUrl', title: 'Open link', url: link }] }),
    msteams: { width: 'Full' },
  };
  const card = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return { type: 'message', attachments: [card] };
}
