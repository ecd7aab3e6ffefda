import { DeliveryError, type DeliveryFailure, type FailureScope } from '../../domain/errors.js';

/** What a failed send can be told by. */
export interface SmtpFailure {
  readonly error: unknown;
  /** `host:port`. */
  readonly relay: string;
  readonly methodId: string;
  /** The last byte of the message had been handed over. */
  readonly wasOut: boolean;
  /** The limit on the whole send has passed. */
  readonly wasLate: boolean;
  readonly isTlsRequired: boolean;
  /** Texts that the relay may repeat and that no error may show. */
  readonly secrets: readonly string[];
}

interface Facts {
  readonly code: string;
  readonly responseCode: number | undefined;
  readonly permanent: boolean;
  readonly response: string | undefined;
  readonly command: string;
}

/** Replies to a wrong or missing login: ours to repair, so they say nothing about the mail. Source: RFC 4954 6. */
const loginReplies: ReadonlySet<number> = new Set([530, 534, 535, 538]);
/** OpenSSL's and Node's names of a certificate that is not to be trusted. */
const certificateCode = /^(ERR_TLS_CERT|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_CA$|HOSTNAME_MISMATCH$)/;
const longestWireCharacters = 200;

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

function factsOf(error: unknown): Facts {
  const responseCode = field(error, 'responseCode');
  const response = field(error, 'response');
  const original = field(error, 'originalCode');
  return {
    code: String(typeof original === 'string' && certificateCode.test(original) ? original : field(error, 'code')),
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
    // Undefined for everything that was not an answer of the relay: such things pass.
    permanent: field(error, 'permanent') === true,
    response: typeof response === 'string' ? response : undefined,
    command: String(field(error, 'command') ?? ''),
  };
}

/** A relay's reply fit to be shown: one line, printable ASCII, no mailbox and nothing that `secrets` names, at most 200 characters. */
export function replyText(reply: string, secrets: readonly string[]): string {
  let text = reply.slice(0, 8 * longestWireCharacters);
  for (const secret of secrets) if (secret.length > 3) text = text.replaceAll(secret, '<redacted>');
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .split(' ')
    .map((word) => (word.includes('@') ? '<address>' : word))
    .join(' ')
    .slice(0, longestWireCharacters);
}

/** The code of a reply with its enhanced status code, as in `550 5.1.1`. Source: RFC 3463, RFC 2034. */
function codesOf({ responseCode, response }: Facts): string {
  const enhanced = /^[245][0-9]{2}[ -]([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])/.exec(response ?? '')?.[1];
  return [responseCode ?? 'no', ...(enhanced === undefined ? [] : [enhanced])].join(' ');
}

interface Verdict {
  readonly failure: DeliveryFailure;
  readonly retriable: boolean;
  readonly scope?: FailureScope;
  readonly text: string;
}

function passing(failure: DeliveryFailure, text: string): Verdict {
  return { failure, retriable: true, text };
}

function classify(facts: Facts, about: SmtpFailure): Verdict {
  const { relay } = about;
  const { responseCode } = facts;
  if (certificateCode.test(facts.code)) {
    const advice = 'check it, name its authority in notification_types.email.ca_file';
    return passing('unreachable', `${relay} shows a certificate that is not trusted (${facts.code}); ${advice}`);
  }
  if (about.isTlsRequired && (facts.command === 'STARTTLS' || facts.code === 'ETLS')) {
    const advice = 'where the way to the relay is trusted, notification_types.email.starttls: never turns it off';
    return passing('unreachable', `${relay} does not offer STARTTLS, and nothing was sent in clear; ${advice}`);
  }
  if (
    facts.code === 'EAUTH' ||
    facts.code === 'ENOAUTH' ||
    (responseCode !== undefined && loginReplies.has(responseCode))
  ) {
    return passing('unauthorized', `${relay} refuses our login; check notification_types.email.user and password`);
  }
  if (facts.code === 'EENVELOPE' || facts.code === 'EMESSAGE') {
    const step = facts.command === '' ? 'the mail' : facts.command;
    const text = `${relay} answered ${codesOf(facts)} to ${step} for method ${about.methodId}`;
    if (facts.permanent)
      return { failure: 'rejected' as const, retriable: false, text: `${text}; check the method's address` };
    const later = passing('server_error', `${text}; the relay asks to try later`);
    // A full or greylisted mailbox says nothing of the others; a relay that closes, or takes no sender, concerns all.
    const isOfAll = responseCode === 421 || facts.command === 'MAIL FROM';
    return isOfAll ? later : { ...later, scope: 'notification' as const };
  }
  if (about.wasOut) {
    return passing('outcome_unknown', `${relay} took the whole mail and did not answer; it may have accepted it`);
  }
  if (about.wasLate || facts.code === 'ETIMEDOUT') {
    return passing('timed_out', `${relay} did not answer in time; check that it is up`);
  }
  if (responseCode !== undefined)
    return passing('server_error', `${relay} answered ${responseCode} and serves nobody now`);
  return passing('unreachable', `no usable connection to ${relay} (${facts.code}); check name, port and firewall`);
}

/** Relays quote what they refuse, and a login has more spellings than can be listed: of the reply to one only the codes are shown. */
function wireOf(failure: DeliveryFailure, facts: Facts, secrets: readonly string[]): string {
  const isOfLogin = failure === 'unauthorized' || facts.command.startsWith('AUTH');
  return isOfLogin ? codesOf(facts) : replyText(facts.response ?? '', secrets);
}

/** What nodemailer threw, as our error: only a 5xx to sender, recipient or message is final. */
export function smtpError(about: SmtpFailure): DeliveryError {
  const facts = factsOf(about.error);
  const { text, ...verdict } = classify(facts, about);
  return new DeliveryError(text, {
    // One relay serves all: what is wrong with it is wrong for every recipient.
    scope: verdict.retriable ? 'destination' : 'notification',
    ...verdict,
    ...(facts.response === undefined ? {} : { wire: wireOf(verdict.failure, facts, about.secrets) }),
  });
}
