import { DeliveryError } from '../../domain/errors.js';
import type { HttpDialect } from '../http-notifier.js';
import { alertEvent, genericEvent } from './message.js';

/** Integration keys are 32 letters and digits; a shorter or a longer one is left to PagerDuty to refuse. */
const integrationKey = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Events to PagerDuty: one incident per alarm and method, opened by ALARM and UNDETERMINED, resolved by OK.
 *
 * Any 2xx is `sent` (v2 answers 202), 400 is final, 429 and 5xx may pass. A URL below /generic/ gets the form of version 1, which its keys
 * need. Source: developer.pagerduty.com, "Events API v2 Overview: Response Codes & Retry Logic".
 */
export function pagerdutyDialect(url: URL): HttpDialect {
  const isGeneric = url.pathname.includes('/generic/');
  return {
    destinationOf: () => url.host,
    messageOf: isGeneric ? genericEvent : alertEvent,
    requestOf({ method }, message) {
      const key = method.address.reveal().trim();
      if (!integrationKey.test(key)) {
        throw new DeliveryError('the method’s address is not an integration key', {
          failure: 'bad_address',
          retriable: false,
        });
      }
      const named = isGeneric ? { service_key: key } : { routing_key: key };
      return { url, headers: {}, body: JSON.stringify({ ...named, ...message }) };
    },
  };
}
