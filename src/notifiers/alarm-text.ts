import type { Alarm } from '../domain/alarm.js';
import { cutText } from './cut-text.js';

/** Characters of the built-in title, and of those that templates write for cards. */
export const longestTitle = 300;
/** As it is sent, percent signs included. Half a link leads nowhere: a longer one is left out. */
const longestLink = 600;
const longestDetail = 100;

/** The hosts that an alarm is about, each once: the dimension `hostname` over all metrics, whatever a producer sent as metrics. */
export function hostnamesOf(alarm: Alarm): readonly string[] {
  const hosts = new Set<string>();
  for (const metric of alarm.metrics) {
    const dimensions: unknown =
      typeof metric === 'object' && metric !== null ? Reflect.get(metric, 'dimensions') : undefined;
    if (typeof dimensions !== 'object' || dimensions === null) continue;
    const host: unknown = Reflect.get(dimensions, 'hostname');
    if (typeof host === 'string' && host !== '') hosts.add(host);
  }
  return [...hosts];
}

/** Control characters and line breaks as one blank. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/** `ALARM CRITICAL: cpu is high (foo1)`: state, severity, name, and the host if there is exactly one. One line, at most 300 characters. */
export function alarmTitle(alarm: Alarm): string {
  const { newState, severity, alarmName } = alarm;
  const hosts = hostnamesOf(alarm);
  const where = hosts.length === 1 ? ` (${cutText(hosts[0] ?? '', longestDetail)})` : '';
  const state = cutText(severity === undefined ? newState : `${newState} ${severity}`, longestDetail);
  return cutText(oneLine(`${state}: ${cutText(alarmName, longestTitle - longestDetail)}${where}`), longestTitle);
}

/** The time of the transition, UTC, as `2015-04-14T14:57:33.632Z`; undefined for one that no calendar holds. */
export function changedAt(alarm: Alarm): string | undefined {
  const time = new Date(alarm.changedAtMs);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** The link of an alarm if it is one that people can follow, with what would end it in markup percent-encoded. */
export function linkOf(alarm: Alarm): string | undefined {
  const { link } = alarm;
  if (link === undefined || !/^https?:\/\/[^\s]+$/i.test(link) || !URL.canParse(link)) return undefined;
  const encoded = link.replace(/[<>|"\\^`{}]/g, encodeURIComponent);
  return encoded.length <= longestLink ? encoded : undefined;
}

/** How a receiver wants plain text and links written, so that nothing in an alarm is taken for markup. */
export interface Markup {
  text(plain: string): string;
  link(url: string): string;
}

const plainText: Markup = { text: (plain) => plain, link: (url) => url };

/** What follows the reason: hosts where there are several, link, alarm and time. */
function details(alarm: Alarm, markup: Markup): string {
  const hosts = hostnamesOf(alarm);
  const time = changedAt(alarm);
  const link = linkOf(alarm);
  const id = `Alarm ${cutText(oneLine(alarm.alarmId), longestDetail)}${time === undefined ? '' : ` at ${time}`}`;
  const lines = [
    hosts.length > 1 ? markup.text(`Hosts: ${cutText(oneLine(hosts.join(', ')), 2 * longestDetail)}`) : undefined,
    link === undefined ? undefined : markup.link(link),
    markup.text(id),
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

/**
 * The built-in text for chats and phones: title, reason, and what people look for next; the reason gives way to the limit.
 *
 * `limit` counts UTF-16 units, markup included; it has to leave room for title and details, about 1,600 where markup multiplies nothing. Pure.
 */
export function alarmMessage(alarm: Alarm, limit: number, markup: Markup = plainText): string {
  const title = markup.text(alarmTitle(alarm));
  const rest = details(alarm, markup);
  const room = limit - title.length - rest.length - 2;
  const reason = markup.text(cutText(alarm.stateChangeReason, room, (text) => markup.text(text).length));
  return [title, reason, rest].filter((part) => part !== '').join('\n');
}
