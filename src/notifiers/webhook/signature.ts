import { createHmac } from 'node:crypto';
import { Secret } from '../../domain/secret.js';

const leastBytes = 24;
const mostBytes = 64;

/**
 * Reads signing secrets, separated by blanks: `whsec_` and 24 to 64 bytes in base64. Undefined when one of them is not of that form.
 *
 * More than one while receivers change from the old to the new: each request then carries a signature of each.
 */
export function readSecrets(text: string): readonly Secret[] | undefined {
  const secrets = text.split(/\s+/).filter((part) => part !== '');
  const isGood = secrets.every((secret) => {
    const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
    const size = base64 === undefined ? 0 : Buffer.from(base64, 'base64').length;
    return size >= leastBytes && size <= mostBytes;
  });
  return isGood ? secrets.map((secret) => new Secret(secret)) : undefined;
}

/**
 * The headers that let a receiver know who sent a body and when. None without a secret.
 *
 * `atMs` is the time of this attempt. Source: Standard Webhooks specification 1.0.0, "Signature scheme" and "Webhook headers".
 */
export function signatureHeaders(
  secrets: readonly Secret[],
  id: string,
  atMs: number,
  body: string,
): Readonly<Record<string, string>> {
  if (secrets.length === 0) return {};
  const timestamp = String(Math.floor(atMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
