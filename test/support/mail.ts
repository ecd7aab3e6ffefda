import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { emailPlugin } from '../../src/notifiers/email/plugin.js';
import type { Notifier } from '../../src/ports/notifier.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { certificate } from './certificates.js';
import { silentLogger } from './silent-logger.js';
import { SmtpRelay, type SmtpRelayOptions } from './smtp-relay.js';

/** A relay as most are: STARTTLS and a login. */
export const protectedRelay: SmtpRelayOptions = { tls: certificate('good'), offersStarttls: true, offersAuth: true };

/** The email notifier of one worker of four, with loopback as its relay. */
export function openEmail(section: Readonly<Record<string, unknown>>): Notifier {
  const configured = emailPlugin.configure({ server: '127.0.0.1', from_addr: 'hpcs.mon@hp.com', ...section });
  assert.ok(configured.kind === 'ready');
  const http = { allow: [], concurrencyPerDestination: 64 };
  return configured.open({ logger: silentLogger, clock: systemClock, random: systemRandom, http, senders: 4 });
}

/** A relay that lives as long as the test. */
export async function startRelay(t: TestContext, options: SmtpRelayOptions): Promise<SmtpRelay> {
  const relay = await SmtpRelay.start(options);
  t.after(() => relay.close());
  return relay;
}

/** A notifier that is closed with the test. */
export function opened(t: TestContext, section: Readonly<Record<string, unknown>>): Notifier {
  const notifier = openEmail(section);
  t.after(() => notifier.close());
  return notifier;
}
