import type { DeliveryFailure } from '../../src/domain/errors.js';
import { emailParts } from '../../src/notifiers/email/mail-message.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { certificateFile } from '../support/certificates.js';
import { openEmail, protectedRelay } from '../support/mail.js';
import type { NotifierBench, ReceiverFault } from '../support/notifier-bench.js';
import { type SmtpReaction, SmtpRelay, type SmtpRelayOptions, type SmtpStep } from '../support/smtp-relay.js';

const authority = certificateFile('ca');
const login = { user: 'mon', password: `${canary}-password` };

/** A mail as it came, and its bodies in clear where they are base64. */
function decoded(mail: string): string {
  const bodies = mail.split(/\r\n\r\n/).map((block) => Buffer.from(block, 'base64').toString('utf8'));
  return [mail, ...bodies].join('\n');
}

async function startBench(options: SmtpRelayOptions): Promise<NotifierBench> {
  const relay = await SmtpRelay.start(options);
  const fault = (
    step: SmtpStep,
    reaction: SmtpReaction,
    failures: readonly DeliveryFailure[],
    retriable: boolean,
  ): ReceiverFault => ({
    what: `${reaction} at ${step}`,
    cause: () => {
      relay.script[step] = reaction;
    },
    failures,
    retriable,
  });
  const steps: readonly SmtpStep[] = ['banner', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA'];
  const gone: readonly DeliveryFailure[] = ['unreachable'];
  return {
    type: 'email',
    address: `me+${canary}@here.example`,
    badAddresses: [
      `${canary}@x@y.example`,
      `"${canary}"@here.example`,
      `me@here.example, evil@there.example`,
      'me@here.example\r\nRCPT TO:<evil@there.example>',
      'Me <me@here.example>',
      'me@[127.0.0.1]',
      'me@here..example',
      '.me@here.example',
      'mé@here.example',
      'me@hérê.example',
      'me @here.example',
      'group: me@here.example;',
    ],
    faults: [
      ...steps.flatMap((step) => [fault(step, 'reset', gone, true), fault(step, 'close', gone, true)]),
      fault('dot', 'reset', ['outcome_unknown'], true),
      fault('dot', 'close', ['outcome_unknown'], true),
      ...steps
        .slice(4)
        .flatMap((step) => [
          fault(step, `451 4.3.0 ${canary} reason`, ['server_error'], true),
          fault(step, `452 4.2.2 me+${canary}@here.example is full`, ['server_error'], true),
          fault(step, `550 5.1.1 <me+${canary}@here.example>: no such user`, ['rejected'], false),
          fault(step, `554 5.7.1 ${canary} reason refused`, ['rejected'], false),
          fault(step, '421 4.3.2 closing', ['server_error', 'unreachable'], true),
        ]),
      fault('dot', '451 4.3.0 try later', ['server_error'], true),
      fault('dot', '554 5.6.0 no', ['rejected'], false),
      fault('dot', '421 4.3.2 closing', ['server_error', 'outcome_unknown'], true),
      fault('banner', '554 5.7.1 no service', ['server_error'], true),
      fault('banner', '421 4.3.2 busy', ['server_error'], true),
      fault('banner', 'SSH-2.0-OpenSSH_9.2', ['unreachable', 'server_error'], true),
      fault('AUTH', '535 5.7.8 wrong', ['unauthorized'], true),
      fault('AUTH', '454 4.7.0 later', ['unauthorized'], true),
      fault('MAIL', '530 5.7.0 authentication required', ['unauthorized'], true),
      fault('RCPT', `250-${'x'.repeat(1e6)}`, ['unreachable', 'server_error', 'outcome_unknown'], true),
    ],
    silences: [
      ...steps.map((step) => fault(step, 'hang', ['timed_out'], true)),
      fault('dot', 'hang', ['outcome_unknown'], true),
      fault('EHLO', '250-relay.example', ['timed_out'], true),
    ],
    floods: [],
    parts: emailParts,
    // A whole dialogue comes before the step that hangs.
    open: (timeout) => openEmail({ port: relay.port, timeout: Math.max(timeout, 1.5), ca_file: authority, ...login }),
    reset: () => {
      for (const step of Object.keys(relay.script) as SmtpStep[]) delete relay.script[step];
      relay.mails.length = 0;
    },
    receivedIds: () => relay.mails.map(({ text }) => /^Message-ID: <(.*)@hp\.com>\r$/m.exec(text)?.[1] ?? 'none'),
    addressed: () => relay.mails.flatMap(({ from, to }) => [from, ...to]),
    said: () => relay.mails.map(({ text }) => decoded(text)).join('\n'),
    contactCount: () => relay.connectionCount,
    close: () => relay.close(),
  };
}

notifierContract('email', () => startBench(protectedRelay));
notifierContract('email, pipelined', () => startBench({ ...protectedRelay, offersPipelining: true }));
