import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { type CatcherCommand, runAsProcess } from './catcher-process.js';
import type { Certificate } from './certificate.js';
import { ReceiptLedger } from './receipt-ledger.js';

export interface CaughtMail {
  /** Envelope sender and recipients. */
  readonly from: string;
  readonly to: readonly string[];
  /** Unfolded; names in lower case; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole message as it came, headers included. */
  readonly raw: string;
  readonly receivedAtMs: number;
  /** Whether the connection was encrypted. */
  readonly isSecure: boolean;
  /** Who had logged in. */
  readonly user: string | undefined;
}

/** An SMTP answer. Refusals come at RCPT TO unless `at` says otherwise; `hang` never answers. */
export interface MailAnswer {
  readonly code: number;
  readonly text?: string;
  readonly at?: 'rcpt' | 'data';
  readonly delayMs?: number;
  readonly isHanging?: boolean;
}

export interface MailCatcherOptions {
  /** 0 or absent: the system chooses. */
  readonly port?: number;
  /** A receipt is written before the mail is answered. */
  readonly ledger?: ReceiptLedger;
  /** Offers STARTTLS, or TLS from the first byte with `isImplicitTls`. */
  readonly certificate?: Certificate;
  readonly isImplicitTls?: boolean;
  /** Asks for a log-in, also on an open connection. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Whether mails are kept in `mails` (default) or only counted. */
  readonly isKeeping?: boolean;
}

type Done = (error?: Error | null) => void;

/** A mail server on 127.0.0.1 that takes everything, remembers it, and answers as it was told. */
export class MailCatcher {
  readonly mails: CaughtMail[] = [];
  readonly #server: SMTPServer;
  readonly #options: MailCatcherOptions;
  readonly #answers = new Map<string, readonly MailAnswer[]>();
  #count = 0;

  private constructor(options: MailCatcherOptions) {
    this.#options = options;
    this.#server = new SMTPServer(this.#serverOptions());
    // Clients that cut the connection are part of the tests.
    this.#server.on('error', () => undefined);
  }

  static async start(options: MailCatcherOptions = {}): Promise<MailCatcher> {
    const catcher = new MailCatcher(options);
    await new Promise<void>((resolve, reject) => {
      catcher.#server.server.once('error', reject);
      catcher.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return catcher;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** How many mails were taken, kept or not. */
  get mailCount(): number {
    return this.#count;
  }

  /** Sets the answers for a recipient (`*` for all others): one after the other, the last one from then on. */
  answer(recipient: string, ...answers: readonly MailAnswer[]): void {
    this.#answers.set(recipient, answers);
  }

  /** Closes the port and cuts every connection, hanging ones too. */
  async stop(): Promise<void> {
    if (!this.#server.server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#server.connections) connection.close();
    });
  }

  #serverOptions(): SMTPServerOptions {
    const { certificate, isImplicitTls = false, login } = this.#options;
    const disabled = [...(certificate === undefined || isImplicitTls ? ['STARTTLS'] : []), ...(login ? [] : ['AUTH'])];
    return {
      ...certificate,
      ...{ secure: isImplicitTls, disabledCommands: disabled, logger: false, disableReverseLookup: true },
      ...{ authOptional: login === undefined, allowInsecureAuth: true, closeTimeout: 50, hidePIPELINING: false },
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === login?.user && password === login?.password;
        if (isRight) done(null, { user: username });
        else done(Object.assign(new Error('authentication failed'), { responseCode: 535 }));
      },
      onRcptTo: ({ address }, _session, done) => this.#replyToRecipient(address, done),
      onData: (stream, session, done) => {
        this.#take(stream, session).then(
          (answer) => reply(answer, done),
          (error) => done(error),
        );
      },
    };
  }

  #replyToRecipient(address: string, done: Done): void {
    const answer = this.#peek(address);
    if (answer.at === 'data') {
      done();
      return;
    }
    this.#advance(address);
    reply(answer, done);
  }

  async #take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<MailAnswer> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const { mailFrom, rcptTo } = session.envelope;
    const to = rcptTo.map(({ address }) => address);
    const refused = to.find((address) => this.#peek(address).at === 'data');
    const answer = refused === undefined ? { code: 250 } : this.#peek(refused);
    if (refused !== undefined) this.#advance(refused);
    if (answer.code !== 250) return answer;
    const raw = Buffer.concat(chunks).toString();
    const mail = {
      ...{ from: mailFrom === false ? '' : mailFrom.address, to, headers: parseHeaders(raw), raw },
      ...{ receivedAtMs: Date.now(), isSecure: session.secure, user: session.user },
    };
    this.#count += 1;
    if (this.#options.isKeeping !== false) this.mails.push(mail);
    await this.#options.ledger?.append(mail);
    return answer;
  }

  #key(address: string): string {
    return this.#answers.has(address) ? address : '*';
  }

  #peek(address: string): MailAnswer {
    return this.#answers.get(this.#key(address))?.[0] ?? { code: 250 };
  }

  #advance(address: string): void {
    const [, ...rest] = this.#answers.get(this.#key(address)) ?? [];
    if (rest.length > 0) this.#answers.set(this.#key(address), rest);
  }
}

function reply({ code, text = 'scripted answer', delayMs = 0, isHanging = false }: MailAnswer, done: Done): void {
  if (isHanging) return;
  const error = code < 400 ? null : Object.assign(new Error(text), { responseCode: code });
  if (delayMs > 0) setTimeout(done, delayMs, error);
  else done(error);
}

function parseHeaders(raw: string): Record<string, string> {
  const [head = ''] = raw.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

async function startFromCommand({ port, ledger, fsync, answers }: CatcherCommand): Promise<MailCatcher> {
  const receipts = ledger === undefined ? {} : { ledger: await ReceiptLedger.open(ledger, { fsync }) };
  const catcher = await MailCatcher.start({ port, isKeeping: false, ...receipts });
  for (const [recipient, list] of Object.entries(answers as Record<string, MailAnswer[]>))
    catcher.answer(recipient, ...list);
  return catcher;
}

await runAsProcess(import.meta.url, startFromCommand);
