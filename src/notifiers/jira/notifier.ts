import { DeliveryError } from '../../domain/errors.js';
import type { Notification } from '../../domain/notification.js';
import type { MessageTexts, Notifier, Receipt } from '../../ports/notifier.js';
import type { Clock } from '../../ports/system.js';
import { type HttpPost, parseHttpAddress } from '../http-post.js';
import { textIn, valueIn } from '../json-answer.js';
import { type JiraAccess, JiraCalls } from './calls.js';
import { commentText, isSummaryOf, issueQuery, type JiraProject, newIssue } from './message.js';

const issueKey = /^[A-Z][A-Z0-9_]{0,254}-[0-9]{1,18}$/i;
const searchedIssues = 10;
const searchedComments = 20;

interface Issue {
  readonly key: string;
  readonly isDone: boolean;
}

/**
 * Reads an address `https://host/?project=KEY&component=NAME`. @throws DeliveryError `bad_address`; `forbidden_address` for another Jira than
 * ours, since the login that goes along is the operator's.
 */
export function readAddress(address: string, base: URL): JiraProject {
  const url = parseHttpAddress(address);
  const project = url.searchParams.get('project') ?? '';
  const component = url.searchParams.get('component') ?? undefined;
  if (!/^[A-Za-z][A-Za-z0-9_]{0,254}$/.test(project) || (component?.length ?? 0) > 255) {
    throw new DeliveryError('the method’s address names no usable project', {
      failure: 'bad_address',
      retriable: false,
    });
  }
  const place = (one: URL) => `${one.origin}${one.pathname.replace(/\/+$/, '')}`;
  if (place(url) !== place(base)) {
    throw new DeliveryError(`the method’s address is not below notification_types.jira.url (${base.host})`, {
      failure: 'forbidden_address',
      retriable: false,
    });
  }
  return { project, component: component === '' ? undefined : component };
}

/** Cloud has given up the search that Server and Data Center know. Source: Atlassian developer changelog, CHANGE-2046. */
function searchPath(url: URL): string {
  return /(^|\.)atlassian\.(net|com)$/.test(url.hostname) ? 'search/jql' : 'search';
}

/**
 * One issue per alarm, one comment per notification.
 *
 * Searches our issue by the alarm id in its summary, creates or reopens it, and adds a comment unless one holds this notification's id
 * already. All calls share one deadline. Source: developer.atlassian.com, "Jira Cloud platform REST API v2" and "Jira Server REST API":
 * search, issue, transitions, comment.
 */
export class JiraNotifier implements Notifier {
  readonly #http: Pick<HttpPost, 'post' | 'close'>;
  readonly #access: JiraAccess;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(http: Pick<HttpPost, 'post' | 'close'>, access: JiraAccess, clock: Clock, timeoutMs: number) {
    this.#http = http;
    this.#access = access;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  destinationOf(): string {
    return this.#access.url.host;
  }

  async send(notification: Notification, signal: AbortSignal, texts: MessageTexts = {}): Promise<Receipt> {
    const target = readAddress(notification.method.address.reveal(), this.#access.url);
    const limit = this.#clock.limit(this.#timeoutMs, signal);
    try {
      const calls = new JiraCalls(this.#http, this.#access, notification.id, limit);
      return await this.#tell(calls, notification, target, texts);
    } finally {
      limit.clear();
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #tell(
    calls: JiraCalls,
    notification: Notification,
    target: JiraProject,
    texts: MessageTexts,
  ): Promise<Receipt> {
    const { alarm } = notification;
    const found = await this.#findIssue(calls, notification, target);
    if (found !== undefined && (await this.#isTold(calls, found.key, notification.id))) {
      return { remoteId: found.key, wire: 'the comment is there already' };
    }
    // A recovery is no reason to open a closed issue again.
    if (found?.isDone === true && alarm.newState !== 'OK') await this.#reopen(calls, found.key);
    const key = found?.key ?? (await this.#create(calls, newIssue(alarm, target, texts)));
    const comment = commentText(notification, texts);
    await calls.text({ kind: 'changes', path: `issue/${key}/comment`, body: { body: comment } });
    return { remoteId: key, wire: found === undefined ? 'issue created' : 'comment added' };
  }

  async #findIssue(calls: JiraCalls, { alarm }: Notification, target: JiraProject): Promise<Issue | undefined> {
    const said = await calls.object({
      kind: 'asks',
      path: searchPath(this.#access.url),
      body: { jql: issueQuery(alarm, target), maxResults: searchedIssues, fields: ['summary', 'status'] },
    });
    const issues = valueIn(said, 'issues');
    for (const issue of Array.isArray(issues) ? issues : []) {
      const key = textIn(issue, issueKey, 'key');
      const summary = valueIn(issue, 'fields', 'summary');
      // The search looks for words, wherever they stand.
      if (key === undefined || typeof summary !== 'string' || !isSummaryOf(alarm, summary)) continue;
      const name = valueIn(issue, 'fields', 'status', 'name');
      const isNamedSo = typeof name === 'string' && /^(resolved|closed)$/i.test(name);
      return { key, isDone: isNamedSo || valueIn(issue, 'fields', 'status', 'statusCategory', 'key') === 'done' };
    }
    return undefined;
  }

  /** Newest comments first. An answer longer than 64 KiB is cut, and the id stands at the beginning of its comment. */
  async #isTold(calls: JiraCalls, key: string, id: string): Promise<boolean> {
    const query = `orderBy=-created&maxResults=${searchedComments}`;
    return (await calls.text({ kind: 'asks', path: `issue/${key}/comment`, query })).includes(id);
  }

  async #reopen(calls: JiraCalls, key: string): Promise<void> {
    const said = await calls.object({ kind: 'asks', path: `issue/${key}/transitions` });
    const transitions = valueIn(said, 'transitions');
    for (const transition of Array.isArray(transitions) ? transitions : []) {
      const id = textIn(transition, /^[0-9]{1,18}$/, 'id');
      const name = valueIn(transition, 'name');
      if (id === undefined || typeof name !== 'string' || !/reopen/i.test(name)) continue;
      await calls.text({ kind: 'changes', path: `issue/${key}/transitions`, body: { transition: { id } } });
      return;
    }
  }

  async #create(calls: JiraCalls, issue: unknown): Promise<string> {
    const said = await calls.object({ kind: 'changes', path: 'issue', body: issue });
    const key = textIn(said, issueKey, 'key');
    if (key !== undefined) return key;
    throw new DeliveryError(`${this.#access.url.host} created an issue and did not name it`, {
      failure: 'outcome_unknown',
      retriable: true,
    });
  }
}
