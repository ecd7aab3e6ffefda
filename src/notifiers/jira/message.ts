import type { Alarm } from '../../domain/alarm.js';
import { identityOf, type Notification } from '../../domain/notification.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { alarmBody } from '../alarm-body.js';
import { oneLine } from '../alarm-text.js';
import { cutText, jsonBytes } from '../cut-text.js';

/** Jira's own limits: 255 characters of summary, 32,767 of comment. */
const longestSummary = 255;
const longestComment = 30_000;
const longestField = 2_000;
/** An alarm id that can stand for itself as the last word of a summary. */
const plainId = /^[^\s\p{C}()]{1,64}$/u;

/** Signs that begin a macro, a link, a mention, an image or a table. Source: Jira, "Text Formatting Notation Help". */
function escapeWiki(text: string): string {
  return text.replace(/[\\{}[\]!|]/g, '\\$&');
}

/** `subject` is the summary of a new issue, `text` the comment below the notification id. */
export const jiraParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text', escape: escapeWiki },
];

/** Where issues for an alarm go. */
export interface JiraProject {
  readonly project: string;
  readonly component: string | undefined;
}

/** One word for the alarm, and for no other, in summaries and in the search for them: its id, or what is computed from an unfit one. */
function searchableId({ alarmId }: Alarm): string {
  return plainId.test(alarmId) ? alarmId : identityOf([alarmId]);
}

/** Whether a summary is about the alarm: it ends with its word. What else it says, other alarms may say too. */
export function isSummaryOf(alarm: Alarm, summary: string): boolean {
  const last = summary.trim().split(/\s/).at(-1);
  const id = searchableId(alarm);
  return last === id || last === `(${id})`;
}

/** A text as a quoted JQL value, or as one quoted phrase inside such a value. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * Our issues about an alarm, newest first.
 *
 * `currentUser()` stands for whoever logs in: Jira Cloud takes no user names. Source: Atlassian Support, "Search syntax for text fields" and
 * "JQL: reserved characters".
 */
export function issueQuery(alarm: Alarm, { project }: JiraProject): string {
  const phrase = quoted(quoted(searchableId(alarm)));
  return `project = ${quoted(project)} AND reporter = currentUser() AND summary ~ ${phrase} ORDER BY created DESC`;
}

/** The summary of a new issue. It ends with the alarm id, by which the issue is found again. */
function summaryOf(alarm: Alarm, { subject }: MessageTexts): string {
  if (subject !== undefined) {
    const id = searchableId(alarm);
    const short = cutText(oneLine(subject), longestSummary);
    return isSummaryOf(alarm, short) ? short : `${cutText(oneLine(subject), longestSummary - id.length - 3)} (${id})`;
  }
  const end = ` status changed to ${cutText(oneLine(alarm.newState), 20)} for the alarm_id ${searchableId(alarm)}`;
  const start = 'Monasca alarm for alarm_definition ';
  return `${start}${cutText(oneLine(alarm.alarmName), longestSummary - start.length - end.length)}${end}`;
}

/** A new issue. */
export function newIssue(
  alarm: Alarm,
  { project, component }: JiraProject,
  texts: MessageTexts = {},
): Readonly<Record<string, unknown>> {
  return {
    fields: {
      project: { key: project },
      summary: summaryOf(alarm, texts),
      description: 'Monasca alarm',
      issuetype: { name: 'Bug' },
      ...(component === undefined ? {} : { components: [{ name: component }] }),
    },
  };
}

/** Fields short enough that all of them fit; the metrics, which alone can be many, become their number. */
function shortened(body: Readonly<Record<string, unknown>>, alarm: Alarm): Readonly<Record<string, unknown>> {
  const short = (value: unknown) => (typeof value === 'string' ? cutText(value, longestField, jsonBytes) : value);
  const fields = Object.entries(body).map(([key, value]) => [key, short(value)]);
  return { ...Object.fromEntries(fields), metrics: `${alarm.metrics.length} left out` };
}

/** A comment: the notification id, which is looked for before a comment is added, and the alarm as JSON. */
export function commentText(notification: Notification, texts: MessageTexts = {}): string {
  const first = `Notification ${notification.id}\n`;
  if (texts.text !== undefined) return `${first}${cutText(texts.text, longestComment)}`;
  const body = alarmBody(notification);
  const whole = JSON.stringify(body, undefined, 3);
  const json =
    whole.length <= longestComment ? whole : JSON.stringify(shortened(body, notification.alarm), undefined, 3);
  // The macro's name inside a text would end the block; as JSON the escape means the same character.
  return `${first}{code}${json.replaceAll('{code', '\\u007bcode')}{code}`;
}

/** What goes into an issue, were it new. */
export function jiraMessage(notification: Notification, texts: MessageTexts): Readonly<Record<string, unknown>> {
  return { summary: summaryOf(notification.alarm, texts), comment: commentText(notification, texts) };
}
