import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { HttpPost, type HttpPostOptions, parseHttpAddress } from '../../src/notifiers/http-post.js';
import type { HttpAnswer } from '../../src/notifiers/http-status.js';
import type { HttpWay } from '../../src/ports/notifier.js';
import { systemClock } from '../../src/runtime/clock.js';
import { certificateFile } from './certificates.js';
import { type HttpReaction, HttpReceiver } from './http-receiver.js';

const never = new AbortController().signal;
setMaxListeners(0, never);

export interface PosterChanges extends Partial<Omit<HttpPostOptions, 'rules'>> {
  readonly allow?: readonly string[];
  readonly concurrencyPerDestination?: number;
  readonly way?: HttpWay;
}

/** Posts `{}` with what a worker has, loopback allowed; closed with the test. */
export function poster(
  t: TestContext,
  { allow = ['127.0.0.1'], concurrencyPerDestination = 64, way, ...changes }: PosterChanges = {},
) {
  const rules = { allow, concurrencyPerDestination, ...(way === undefined ? {} : { way }) };
  const post = new HttpPost({ clock: systemClock, rules, senders: 4, timeoutMs: 10_000, ...changes });
  t.after(() => post.close());
  return (address: string): Promise<HttpAnswer> =>
    post.post({ url: parseHttpAddress(address), headers: {}, body: '{}' }, never);
}

/** A receiver that lives as long as the test. */
export async function receiverOf(t: TestContext, react?: HttpReaction, tls?: string): Promise<HttpReceiver> {
  const pem = tls === undefined ? undefined : readFileSync(certificateFile(tls));
  const receiver = await HttpReceiver.start(pem === undefined ? undefined : { key: pem, cert: pem });
  if (react !== undefined) receiver.react = react;
  t.after(() => receiver.close());
  return receiver;
}
