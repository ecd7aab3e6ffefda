import { STATUS_CODES } from 'node:http';
import { DeliveryError, type DeliveryFailure } from '../domain/errors.js';

/** What a receiver answered. `body` is at most its first 64 KiB, undecoded UTF-8; it may hold alarm text, so it is never logged. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The pause that it asked for by `Retry-After`, at most an hour. */
  readonly retryAfterMs: number | undefined;
}

const longestPauseMs = 3_600_000;
/** The form of today and the two of the past, which a recipient has to understand as well; the last one does not say that it means UTC. */
const httpDates = [
  /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/,
  /^[A-Z][a-z]{5,8}, [0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}$/,
];

/** The pause in a `Retry-After` header, seconds or an HTTP date, at most an hour; undefined for anything else. Source: RFC 9110 10.2.3, 5.6.7. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header.length > 40) return undefined;
  const text = header.trim();
  if (/^[0-9]+$/.test(text)) return Math.min(Number(text) * 1000, longestPauseMs);
  if (!httpDates.some((form) => form.test(text))) return undefined;
  const pauseMs = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`) - nowMs;
  return Number.isNaN(pauseMs) ? undefined : Math.min(Math.max(pauseMs, 0), longestPauseMs);
}

/** The status in words of our own: what a receiver writes beside its number could repeat the address or the alarm. */
export function statusText(status: number): string {
  const words = STATUS_CODES[status];
  return words === undefined ? `HTTP ${status}` : `HTTP ${status} ${words}`;
}

function classify(status: number): { failure: DeliveryFailure; retriable: boolean; advice: string } {
  if (status >= 500) {
    return { failure: 'server_error', retriable: true, advice: 'the receiver has a fault of its own' };
  }
  switch (status) {
    case 408:
      return { failure: 'timed_out', retriable: true, advice: 'the receiver gave up waiting' };
    case 425:
    case 429:
      return { failure: 'rate_limited', retriable: true, advice: 'the receiver asks for a slower pace' };
    case 401:
    case 403:
    case 407:
      return { failure: 'unauthorized', retriable: false, advice: 'check the credential in the method’s address' };
    default:
      return {
        failure: 'rejected',
        retriable: false,
        advice: status < 400 ? 'redirects are not followed: register the final address' : 'check the method’s address',
      };
  }
}

/**
 * The error for an answer outside 2xx. 408, 425, 429 and 5xx may pass; other 4xx, and redirects, do not.
 *
 * `ourKey` names the setting that holds the credential, where it is the operator's: a 401 is then ours to repair, says nothing about the
 * notification, and may pass.
 */
export function refusal(host: string, answer: HttpAnswer, ourKey?: string): DeliveryError {
  const isOurs = answer.status === 401 && ourKey !== undefined;
  const repairable = { failure: 'unauthorized', retriable: true, advice: `check ${ourKey}` } as const;
  const { failure, retriable, advice } = isOurs ? repairable : classify(answer.status);
  return new DeliveryError(`POST to ${host} was answered ${statusText(answer.status)}: ${advice}`, {
    failure,
    retriable,
    wire: statusText(answer.status),
    ...(failure === 'timed_out' ? { scope: 'address' as const } : {}),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}
