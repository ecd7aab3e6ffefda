import { EngineError } from '../domain/errors.js';
import type { Secret } from '../domain/secret.js';
import { HttpPost } from '../notifiers/http-post.js';
import { statusText } from '../notifiers/http-status.js';
import type { Clock } from '../ports/system.js';

const longestPingMs = 10_000;

/**
 * A GET of the address that hears from the engine; any 2xx is taken. The address is the operator's word, so it may lie in the own network.
 *
 * Errors name the host only: the path is the key of the switch.
 */
export function heartbeatPing(address: Secret, intervalMs: number, clock: Clock) {
  const timeoutMs = Math.min(intervalMs, longestPingMs);
  const url = new URL(address.reveal());
  const rules = { allow: [url.hostname.replace(/^\[|\]$/g, '')], concurrencyPerDestination: 1 };
  const http = new HttpPost({ clock, rules, senders: 1, timeoutMs });
  return {
    async ping(signal: AbortSignal): Promise<void> {
      const { status } = await http.post({ method: 'GET', url, headers: {}, body: '' }, signal);
      if (status >= 200 && status <= 299) return;
      throw new EngineError('DELIVERY_FAILED', `${url.host} answered ${statusText(status)}`, { retriable: true });
    },
    close: () => http.close(),
  };
}
