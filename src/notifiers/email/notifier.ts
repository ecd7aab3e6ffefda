import type { Readable } from 'node:stream';
import { createTransport } from 'nodemailer';
import { DeliveryError, givenUp } from '../../domain/errors.js';
import type { Notification } from '../../domain/notification.js';
import type { MessageTexts, Notifier, NotifierDeps, Receipt, SendRate } from '../../ports/notifier.js';
import type { Clock } from '../../ports/system.js';
import { isMailbox } from './address.js';
import { isSevenBit, mailFields, mailLines, subjectField } from './mail-fields.js';
import { type MailMessage, mailMessage } from './mail-message.js';
import { type EmailSettings, protectionOf } from './settings.js';
import { replyText, smtpError } from './smtp-error.js';

const connectTimeoutMs = 10_000;
const greetingTimeoutMs = 10_000;
const silenceTimeoutMs = 30_000;
const longestReplyBytes = 2048;
/** Times four workers this stays below the 50 connections that Postfix grants one client. */
const mostConnections = 10;
const messagesPerConnection = 1000;
/** A connection that the relay closed while it was idle is no failure: the mail goes out over another one. */
const otherConnections = 2;

function poolOf(settings: EmailSettings, connections: number, ca: string | undefined) {
  const protection = protectionOf(settings);
  return createTransport({
    pool: true,
    host: settings.server,
    port: settings.port,
    secure: protection === 'tls',
    requireTLS: protection === 'required',
    ignoreTLS: protection === 'clear',
    opportunisticTLS: protection === 'opportunistic',
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: protection !== 'opportunistic',
      ...(ca === undefined ? {} : { ca }),
    },
    ...(settings.login === undefined
      ? {}
      : { auth: { user: settings.login.user, pass: settings.login.password.reveal() } }),
    maxConnections: connections,
    maxMessages: messagesPerConnection,
    maxRequeues: otherConnections,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: greetingTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    maxResponseSize: longestReplyBytes,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** Sends one mail per notification through one relay, over a few kept connections. A 2xx for the recipient and the mail is `sent`. */
export class EmailNotifier implements Notifier {
  readonly relay: string;
  readonly rate: SendRate | undefined;
  readonly #settings: EmailSettings;
  readonly #clock: Clock;
  readonly #domain: string;
  readonly #pool: ReturnType<typeof poolOf>;
  readonly #mostPending: number;
  #pendingCount = 0;
  /** By the signal of its send: nodemailer's errors do not say whether the mail was out. */
  readonly #bodies = new WeakMap<AbortSignal, Readable>();

  constructor(settings: EmailSettings, deps: Pick<NotifierDeps, 'clock' | 'http' | 'senders'>, ca: string | undefined) {
    const share = Math.max(1, Math.ceil(deps.http.concurrencyPerDestination / deps.senders));
    const connections = Math.min(mostConnections, share);
    this.#settings = settings;
    this.#clock = deps.clock;
    this.relay = `${settings.server}:${settings.port}`;
    const { ratePerSecond } = settings;
    this.rate = ratePerSecond === undefined ? undefined : { perSecond: ratePerSecond, of: 'destination' };
    this.#domain = settings.fromAddress.slice(settings.fromAddress.indexOf('@') + 1);
    this.#mostPending = Math.max(share, 2 * connections);
    this.#pool = poolOf(settings, connections, ca);
    this.#pool.use('stream', (mail, done) => {
      const { signal } = mail.data;
      for (const part of [mail.message, ...mail.message.childNodes]) {
        if (typeof part.content === 'string' && isSevenBit(part.content)) part.getTransferEncoding = () => '7bit';
      }
      const createReadStream = mail.message.createReadStream.bind(mail.message);
      mail.message.createReadStream = (options) => {
        const body = createReadStream(options);
        if (signal) this.#bodies.set(signal, body);
        return body;
      };
      done();
    });
  }

  destinationOf(): string {
    return this.relay;
  }

  async send(notification: Notification, signal: AbortSignal, texts: MessageTexts = {}): Promise<Receipt> {
    const to = notification.method.address.reveal().trim();
    if (!isMailbox(to)) {
      throw new DeliveryError(`method ${notification.method.id} has no usable mail address`, {
        failure: 'bad_address',
        retriable: false,
      });
    }
    // The pool's own queue has no bound.
    if (this.#pendingCount >= this.#mostPending) {
      throw new DeliveryError(`${this.#pendingCount} mails wait for ${this.relay} already`, {
        failure: 'rate_limited',
        retriable: true,
        scope: 'notification',
      });
    }
    this.#pendingCount += 1;
    const limit = this.#clock.limit(this.#settings.timeoutMs, signal);
    try {
      const message = mailMessage(notification.alarm, texts, this.#settings);
      return await this.#deliver(notification, message, to, limit.signal);
    } catch (error) {
      if (signal.aborted && !limit.expired) {
        throw givenUp(`the mail to ${this.relay} was given up`);
      }
      throw smtpError({
        error,
        relay: this.relay,
        methodId: notification.method.id,
        wasOut: this.#bodies.get(limit.signal)?.readableEnded === true,
        wasLate: limit.expired,
        isTlsRequired: protectionOf(this.#settings) === 'required',
        secrets: this.#secrets(notification, to),
      });
    } finally {
      this.#pendingCount -= 1;
      limit.clear();
    }
  }

  async close(): Promise<void> {
    this.#pool.close();
  }

  async #deliver(notification: Notification, message: MailMessage, to: string, signal: AbortSignal): Promise<Receipt> {
    const from = this.#settings.fromAddress;
    const fields = mailFields(notification, this.#domain);
    const named = subjectField(message.subject);
    const sent = await this.#pool.sendMail({
      envelope: { from, to: [to] },
      from: { name: '', address: from },
      to: { name: '', address: to },
      ...fields,
      ...named,
      headers: { ...fields.headers, ...named.headers },
      text: mailLines(message.text),
      ...(message.html === undefined ? {} : { html: message.html }),
      date: new Date(this.#clock.nowMs()),
      signal,
    });
    // A refused recipient need not be an error of the send.
    const [refused] = sent.rejectedErrors ?? [];
    if (refused !== undefined || sent.rejected.length > 0) throw refused ?? new Error('the recipient was refused');
    const wire = replyText(sent.response, this.#secrets(notification, to));
    return { remoteId: /queued as ([\w.-]{1,100})/i.exec(wire)?.[1], wire };
  }

  #secrets({ alarm }: Notification, to: string): readonly string[] {
    const { login } = this.#settings;
    const password = login?.password.reveal() ?? '';
    return [to, password, Buffer.from(password).toString('base64'), alarm.stateChangeReason, alarm.alarmName];
  }
}
