import { DeliveryError, type DeliveryFailure } from '../../domain/errors.js';
import type { Receipt } from '../../ports/notifier.js';
import type { HttpDialect } from '../http-notifier.js';
import { httpDestination, parseHttpAddress } from '../http-post.js';
import { type HttpAnswer, refusal } from '../http-status.js';
import { readJson, textIn } from '../json-answer.js';
import { slackMessage } from './message.js';

type Verdict = readonly [failure: DeliveryFailure, retriable: boolean];

const unauthorized: Verdict = ['unauthorized', false];
const rejected: Verdict = ['rejected', false];
const passing: Verdict = ['server_error', true];

/** Errors of the Web API by name. Whatever else it says is a refusal too, but its words are not repeated. */
const apiErrors: Readonly<Record<string, Verdict>> = {
  ratelimited: ['rate_limited', true],
  rate_limited: ['rate_limited', true],
  internal_error: passing,
  fatal_error: passing,
  service_unavailable: passing,
  request_timeout: passing,
  team_added_to_org: passing,
  invalid_auth: unauthorized,
  not_authed: unauthorized,
  account_inactive: unauthorized,
  token_revoked: unauthorized,
  token_expired: unauthorized,
  missing_scope: unauthorized,
  no_permission: unauthorized,
  not_allowed_token_type: unauthorized,
  access_denied: unauthorized,
  channel_not_found: rejected,
  not_in_channel: rejected,
  is_archived: rejected,
  msg_too_long: rejected,
  no_text: rejected,
  restricted_action: rejected,
  invalid_arguments: rejected,
  user_not_found: rejected,
};

/** Addresses of the ancestor carry `channel=#name` unencoded, which a URL takes for a fragment. */
function urlText(address: string): string {
  return address.replaceAll('#', '%23');
}

function isWebApi(url: URL): boolean {
  return url.pathname.endsWith('/api/chat.postMessage');
}

/** A status that came without its whole body says that Slack has the request, and not what became of it. */
function unreadable(host: string): DeliveryError {
  return new DeliveryError(`${host} took the message and its answer cannot be read; it may have posted it`, {
    failure: 'outcome_unknown',
    retriable: true,
  });
}

function apiReceipt(host: string, answer: HttpAnswer): Receipt {
  const said = readJson(answer.body);
  if (said === undefined) throw unreadable(host);
  if (Reflect.get(said, 'ok') === true) return { remoteId: textIn(said, /^[0-9.]{1,40}$/, 'ts'), wire: 'ok' };
  const name = textIn(said, /^[a-z_]{1,40}$/, 'error');
  const known = name !== undefined && Object.hasOwn(apiErrors, name) ? apiErrors[name] : undefined;
  const [failure, retriable] = known ?? rejected;
  const words = known === undefined ? 'an error that is not in our list' : `${name}`;
  throw new DeliveryError(`${host} refused the message: ${words}`, {
    failure,
    retriable,
    wire: words,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}

function hookReceipt(host: string, answer: HttpAnswer): Receipt {
  const body = answer.body.trim();
  if (body === 'ok') return { remoteId: undefined, wire: 'ok' };
  if ('ok'.startsWith(body)) throw unreadable(host);
  throw new DeliveryError(`${host} answered 200 without ok, as no incoming webhook of Slack does; check the address`, {
    failure: 'rejected',
    retriable: false,
    wire: '200 without ok',
  });
}

/**
 * An incoming webhook, or the Web API method chat.postMessage where the path ends with its name.
 *
 * Of a Web API address the token goes into `Authorization: Bearer` and the other arguments into the body, so nothing of it stands in a URL.
 * Success is `ok` from a webhook and `"ok": true` from the method, whatever the content type. Source: docs.slack.dev, "Sending messages
 * using incoming webhooks", "chat.postMessage", "Rate limits" (429 with Retry-After).
 */
export const slackDialect: HttpDialect = {
  destinationOf: (method) => httpDestination(urlText(method.address.reveal())),
  messageOf: ({ alarm }, texts) => slackMessage(alarm, texts),
  requestOf({ method }, message) {
    const url = parseHttpAddress(urlText(method.address.reveal()));
    if (!isWebApi(url)) return { url, headers: {}, body: JSON.stringify(message) };
    const { token, channel, ...rest } = Object.fromEntries(url.searchParams);
    if (!/^[\x21-\x7e]{1,300}$/.test(token ?? '') || (channel ?? '') === '') {
      throw new DeliveryError('the method’s address has no usable token and channel', {
        failure: 'bad_address',
        retriable: false,
      });
    }
    url.search = '';
    const headers = { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` };
    return { url, headers, body: JSON.stringify({ ...rest, channel, ...message }) };
  },
  receiptOf(host, answer) {
    if (answer.status !== 200) throw refusal(host, answer);
    return answer.body.trimStart().startsWith('{') ? apiReceipt(host, answer) : hookReceipt(host, answer);
  },
};
