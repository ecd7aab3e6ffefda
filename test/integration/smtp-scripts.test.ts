import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeliveryError, type DeliveryFailure } from '../../src/domain/errors.js';
import { certificateFile } from '../support/certificates.js';
import { opened, protectedRelay, startRelay } from '../support/mail.js';
import { aNotification } from '../support/notifications.js';
import type { SmtpReaction, SmtpRelay, SmtpRelayOptions, SmtpStep } from '../support/smtp-relay.js';

type Outcome = 'sent' | `${DeliveryFailure} (${'again' | 'final'})`;

/** What a relay does, and what has to become of the mail. Several outcomes: which one depends on what arrives first. */
interface Script {
  readonly what: string;
  readonly says: Partial<Record<SmtpStep, SmtpReaction>>;
  readonly outcome: Outcome | readonly Outcome[];
  /** Without STARTTLS and login when absent. */
  readonly isProtected?: true;
  readonly relay?: SmtpRelayOptions;
  /** How often the relay has the whole mail; `any` where it said that it has before it could, which is its own affair. */
  readonly mailCount?: number | 'any';
}

const password = 'swordfish-canary';
/** As AUTH PLAIN and AUTH LOGIN send it. */
const loginBase64 = [`\0mon\0${password}`, password].map((text) => Buffer.from(text).toString('base64'));
const recipient = 'me+canary@here.example';
const steps: readonly SmtpStep[] = ['banner', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'dot'];
const isOut = (step: SmtpStep) => step === 'dot';
const line = (length: number) => 'x'.repeat(length);
const eightBit = Buffer.from([0x32, 0x35, 0x30, 0x20, 0xff, 0xfe, 0x80, 0xc3, 0x28, 0x0d, 0x0a]);

/** The same fault at every step of a session with STARTTLS and login. */
function atEachStep(
  what: string,
  reaction: SmtpReaction,
  outcomeOf: (step: SmtpStep) => Script['outcome'],
): readonly Script[] {
  return steps.map((step) => ({
    what: `${what} at ${step}`,
    says: { [step]: reaction },
    outcome: outcomeOf(step),
    isProtected: true,
    mailCount: isOut(step) ? 1 : 0,
  }));
}

const scripts: readonly Script[] = [
  { what: 'says yes to everything (S5)', says: {}, outcome: 'sent', mailCount: 1 },
  {
    what: 'says yes to everything, under TLS and with a login',
    says: {},
    outcome: 'sent',
    isProtected: true,
    mailCount: 1,
  },
  { what: 'says yes with pipelining', says: {}, outcome: 'sent', relay: { offersPipelining: true }, mailCount: 1 },
  ...atEachStep('hangs (S2)', 'hang', (step) => (isOut(step) ? 'outcome_unknown (again)' : 'timed_out (again)')),
  ...atEachStep('resets the connection (S3)', 'reset', (step) =>
    isOut(step) ? 'outcome_unknown (again)' : 'unreachable (again)',
  ),
  ...atEachStep('closes in the middle of a reply (S3)', { raw: '25', next: 'close' }, (step) =>
    isOut(step) ? 'outcome_unknown (again)' : ['unreachable (again)', 'server_error (again)'],
  ),
  ...atEachStep('drips a reply without end (S2)', { raw: '2', next: 'drip' }, (step) =>
    isOut(step) ? 'outcome_unknown (again)' : 'timed_out (again)',
  ),
  ...atEachStep('closes for everybody (S4)', '421 4.3.2 shutting down', (step) =>
    isOut(step)
      ? ['server_error (again)', 'outcome_unknown (again)']
      : step === 'AUTH'
        ? ['unauthorized (again)', 'server_error (again)']
        : ['server_error (again)', 'unreachable (again)', 'outcome_unknown (again)'],
  ),
  ...atEachStep('floods with lines (S4)', { raw: `250-${line(200)}\r\n`, next: 'flood' }, (step) =>
    isOut(step)
      ? 'outcome_unknown (again)'
      : ['unreachable (again)', 'server_error (again)', 'timed_out (again)', 'unauthorized (again)'],
  ),
  ...atEachStep('sends a line without end (S4)', { raw: line(65_536), next: 'flood' }, (step) =>
    isOut(step)
      ? 'outcome_unknown (again)'
      : ['unreachable (again)', 'server_error (again)', 'timed_out (again)', 'unauthorized (again)'],
  ),
  // Garbage.
  {
    what: 'is no mail server',
    says: { banner: 'SSH-2.0-OpenSSH_9.2' },
    outcome: ['unreachable (again)', 'server_error (again)'],
  },
  {
    what: 'is a web server',
    says: { banner: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n' },
    outcome: ['unreachable (again)', 'server_error (again)', 'timed_out (again)'],
  },
  {
    what: 'has a banner of many lines',
    says: { banner: '220-welcome\r\n220-to\r\n220 relay' },
    outcome: 'sent',
    mailCount: 1,
  },
  {
    what: 'has a banner of a megabyte',
    says: { banner: `220-${line(1e6)}\r\n220 relay` },
    outcome: ['unreachable (again)', 'server_error (again)', 'timed_out (again)'],
  },
  { what: 'replies in bytes beyond ASCII', says: { MAIL: { raw: eightBit } }, outcome: 'sent', mailCount: 1 },
  {
    what: 'refuses in bytes beyond ASCII',
    says: { RCPT: { raw: Buffer.concat([Buffer.from('550 5.1.1 '), eightBit]) } },
    outcome: 'rejected (final)',
  },
  { what: 'replies without words', says: { MAIL: '250', RCPT: '250' }, outcome: 'sent', mailCount: 1 },
  {
    what: 'replies with a code that there is not',
    says: { RCPT: '999 what' },
    outcome: ['server_error (again)', 'rejected (final)', 'unreachable (again)'],
  },
  {
    what: 'ends its lines with a line feed alone (S4)',
    says: { banner: { raw: '220 relay\n' }, MAIL: { raw: '250 ok\n' } },
    outcome: ['sent', 'timed_out (again)'],
  },
  {
    what: 'ends a line with a carriage return alone, and smuggles a reply behind it',
    says: { MAIL: { raw: '550 5.7.1 no\r250 ok\r\n' } },
    outcome: 'rejected (final)',
  },
  {
    what: 'smuggles a refusal behind a yes',
    says: { RCPT: { raw: '250 ok\r550 5.1.1 no\r\n' } },
    outcome: ['sent', 'rejected (final)'],
  },
  // Replies that nobody asked for.
  {
    what: 'answers the whole dialogue in its banner',
    says: { banner: '220 relay\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 Ok: queued as EVIL' },
    outcome: ['sent', 'unreachable (again)', 'server_error (again)', 'timed_out (again)', 'outcome_unknown (again)'],
    mailCount: 'any',
  },
  {
    what: 'answers the mail before it came',
    says: { DATA: { raw: '354 go\r\n250 2.0.0 Ok: queued as EVIL\r\n' } },
    outcome: ['sent', 'outcome_unknown (again)', 'unreachable (again)', 'timed_out (again)'],
    mailCount: 'any',
  },
  {
    what: 'gives two replies to one command',
    says: { MAIL: '250 ok\r\n550 5.1.1 no' },
    relay: { offersPipelining: true },
    outcome: ['rejected (final)', 'sent'],
  },
  // TLS.
  {
    what: 'has lost STARTTLS on the way',
    says: {},
    relay: { offersAuth: true },
    isProtected: true,
    outcome: 'unreachable (again)',
  },
  {
    what: 'refuses STARTTLS',
    says: { STARTTLS: '454 4.7.0 not now' },
    isProtected: true,
    outcome: 'unreachable (again)',
  },
  {
    what: 'says that it does not know STARTTLS',
    says: { STARTTLS: '502 5.5.1 what' },
    isProtected: true,
    outcome: 'unreachable (again)',
  },
  {
    what: 'puts replies in clear behind its yes to STARTTLS',
    says: { STARTTLS: '220 go ahead\r\n250-relay\r\n250 AUTH PLAIN\r\n235 welcome' },
    isProtected: true,
    outcome: ['timed_out (again)', 'unreachable (again)'],
  },
  {
    what: 'speaks no TLS after its yes to STARTTLS',
    says: { STARTTLS: { raw: '220 go ahead\r\n' } },
    isProtected: true,
    outcome: ['timed_out (again)', 'unreachable (again)'],
  },
  // The login.
  { what: 'refuses the login', says: { AUTH: '535 5.7.8 wrong' }, isProtected: true, outcome: 'unauthorized (again)' },
  {
    what: 'cannot check the login now',
    says: { AUTH: '454 4.7.0 later' },
    isProtected: true,
    outcome: 'unauthorized (again)',
  },
  { what: 'wants a login for the sender', says: { MAIL: '530 5.7.0 log in first' }, outcome: 'unauthorized (again)' },
  {
    what: 'repeats the password',
    says: { AUTH: `535 5.7.8 not ${password}` },
    isProtected: true,
    outcome: 'unauthorized (again)',
  },
  ...loginBase64.flatMap((spelling): readonly Script[] => [
    {
      what: `repeats what came with AUTH, ${spelling.length} characters`,
      says: { AUTH: `535 5.7.8 authentication failed: AUTH PLAIN ${spelling}` },
      isProtected: true,
      outcome: 'unauthorized (again)',
    },
    {
      what: `closes and repeats what came with AUTH, ${spelling.length} characters`,
      says: { AUTH: { raw: `421 4.7.0 too many errors after ${spelling.slice(0, -3)}\r\n`, next: 'close' } },
      isProtected: true,
      outcome: ['unauthorized (again)', 'server_error (again)'],
    },
    {
      what: `repeats at MAIL what came with AUTH, ${spelling.length} characters`,
      says: { MAIL: `451 4.7.0 again after ${spelling}` },
      isProtected: true,
      outcome: 'server_error (again)',
    },
  ]),
  // Refusals, with their enhanced codes.
  {
    what: 'does not know the recipient (S4)',
    says: { RCPT: '550 5.1.1 <me+canary@here.example> unknown' },
    outcome: 'rejected (final)',
  },
  {
    what: 'has greylisted the recipient (S4)',
    says: { RCPT: '450 4.2.0 greylisted' },
    outcome: 'server_error (again)',
  },
  { what: 'says that the mailbox is full (S4)', says: { RCPT: '452 4.2.2 full' }, outcome: 'server_error (again)' },
  { what: 'says that the mailbox is full for good', says: { RCPT: '552 5.2.2 full' }, outcome: 'rejected (final)' },
  { what: 'has another recipient in mind', says: { RCPT: '551 5.1.6 try elsewhere' }, outcome: 'rejected (final)' },
  { what: 'does not like the sender', says: { MAIL: '553 5.1.8 no such domain' }, outcome: 'rejected (final)' },
  { what: 'has no room', says: { MAIL: '452 4.3.1 no space' }, outcome: 'server_error (again)' },
  { what: 'does not want to read', says: { DATA: '554 5.5.1 no valid recipients' }, outcome: 'rejected (final)' },
  { what: 'does not like the mail', says: { dot: '554 5.6.0 spam' }, outcome: 'rejected (final)', mailCount: 1 },
  { what: 'cannot keep the mail', says: { dot: '451 4.3.0 queue' }, outcome: 'server_error (again)', mailCount: 1 },
  { what: 'serves nobody', says: { banner: '554 5.7.1 no service here' }, outcome: 'server_error (again)' },
  {
    what: 'refuses the recipient of a pipeline, and takes DATA',
    says: { RCPT: '550 5.1.1 no' },
    relay: { offersPipelining: true },
    outcome: 'rejected (final)',
  },
];

async function outcomeOf(
  relay: SmtpRelay,
  script: Script,
  section: Readonly<Record<string, unknown>>,
  t: Parameters<typeof opened>[0],
) {
  Object.assign(relay.script, script.says);
  const mayBeSilent = [script.outcome].flat().some((outcome) => /^(timed_out|outcome_unknown)/.test(outcome));
  const notifier = opened(t, { port: relay.port, timeout: mayBeSilent ? 3 : 30, ...section });
  const notification = aNotification('email', recipient);
  try {
    const { wire } = await notifier.send(notification, new AbortController().signal);
    return { outcome: 'sent' as Outcome, words: wire };
  } catch (error) {
    assert.ok(error instanceof DeliveryError, String(error));
    const outcome: Outcome = `${error.failure} (${error.retriable ? 'again' : 'final'})`;
    return { outcome, words: `${error.message} ${error.wire ?? ''}` };
  }
}

describe('a relay that', { concurrency: 24 }, () => {
  assert.ok(scripts.length >= 25);
  for (const script of scripts) {
    test(`${script.what}`, async (t) => {
      const relay = await startRelay(t, {
        ...(script.isProtected ? protectedRelay : {}),
        ...script.relay,
        ...(script.relay?.offersAuth ? { offersStarttls: false } : {}),
      });
      const login = { user: 'mon', password, ca_file: certificateFile('ca') };
      const { outcome, words } = await outcomeOf(relay, script, script.isProtected ? login : {}, t);
      assert.ok([script.outcome].flat().includes(outcome), `${outcome}: ${words}`);
      for (const secret of [password, 'canary', ...loginBase64.map((text) => text.slice(0, -4))])
        assert.equal(words.includes(secret), false, words);
      assert.match(words, /^[\x20-\x7e\u2019]*$/);
      // What was not delivered is not there, and what is there was delivered whole.
      const expected = script.mailCount ?? (outcome === 'sent' ? 1 : 0);
      const wholeCount = relay.mails.filter(({ text }) => text.includes('Message-ID')).length;
      if (expected !== 'any') assert.equal(wholeCount, expected);
      if (script.isProtected) {
        assert.deepEqual(
          relay.clearLines.filter(
            (clear) => !/^(EHLO|STARTTLS|QUIT|RSET)/i.test(clear) && /^[\x20-\x7e]+$/.test(clear),
          ),
          [],
        );
      }
    });
  }
});
