import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions, TLSSocket } from 'node:tls';

export const smtpSteps = ['banner', 'EHLO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'dot'] as const;
export type SmtpStep = (typeof smtpSteps)[number];
/** Bytes written as they are, and what comes after them: nothing more, or the same again, up to many megabytes. */
export interface RawReaction {
  readonly raw: string | Buffer;
  readonly next?: 'hang' | 'reset' | 'close' | 'flood' | 'drip';
}
/** A reply, or: say nothing; reset the connection; close it. */
export type SmtpReaction = string | 'hang' | 'reset' | 'close' | RawReaction;

export interface SmtpRelayOptions {
  readonly tls?: SecureContextOptions;
  /** TLS from the first byte. */
  readonly isImplicit?: boolean;
  readonly offersStarttls?: boolean;
  readonly offersAuth?: boolean;
  readonly offersPipelining?: boolean;
  readonly offersDsn?: boolean;
}

const mostFloodBytes = 1 << 20;

export interface SeenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly isEncrypted: boolean;
}

interface Session {
  socket: Socket;
  /** Under any TLS. */
  readonly plain: Socket;
  isEncrypted: boolean;
  mailCount: number;
  from: string;
  to: string[];
  text: string | undefined;
  authLines: number;
  rest: string;
}

const replies: Readonly<Record<SmtpStep, string>> = {
  banner: '220 relay.example ESMTP',
  EHLO: '250 relay.example',
  STARTTLS: '220 go ahead',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 end with a dot',
  dot: '250 2.0.0 Ok: queued as 4XyZ',
};

/** A mail relay that keeps what came in and can misbehave at every step. `script` is looked at anew for each command. */
export class SmtpRelay {
  readonly mails: SeenMail[] = [];
  /** Every line that came in without TLS. */
  readonly clearLines: string[] = [];
  readonly script: Partial<Record<SmtpStep, SmtpReaction>> = {};
  connectionCount = 0;
  readonly #options: SmtpRelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: SmtpRelayOptions) {
    this.#options = options;
    const onSocket = (socket: Socket) => this.#serve(socket);
    const isImplicit = options.isImplicit === true && options.tls !== undefined;
    this.#server = isImplicit
      ? createTlsServer({ noDelay: true, ...options.tls }, onSocket)
      : createServer({ noDelay: true }, onSocket);
    this.#server.on('tlsClientError', () => {});
  }

  static async start(options: SmtpRelayOptions = {}, port = 0): Promise<SmtpRelay> {
    const relay = new SmtpRelay(options);
    await new Promise<void>((resolve) => relay.#server.listen(port, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get openCount(): number {
    return this.#sockets.size;
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.connectionCount += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const session: Session = {
      socket,
      plain: socket,
      isEncrypted: this.#options.isImplicit === true,
      mailCount: 0,
      from: '',
      to: [],
      text: undefined,
      authLines: 0,
      rest: '',
    };
    this.#listen(session);
    this.#react(session, 'banner');
  }

  #listen(session: Session): void {
    const { socket } = session;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (session.socket !== socket) return;
      session.rest += chunk.toString('latin1');
      for (let end = session.rest.indexOf('\r\n'); end >= 0; end = session.rest.indexOf('\r\n')) {
        const line = session.rest.slice(0, end);
        session.rest = session.rest.slice(end + 2);
        if (!session.isEncrypted) this.clearLines.push(line);
        this.#line(session, line);
      }
    });
  }

  #line(session: Session, line: string): void {
    if (session.text !== undefined) {
      this.#dataLine(session, line);
    } else if (session.authLines > 0) {
      session.authLines = 0;
      this.#react(session, 'AUTH');
    } else {
      this.#command(session, line);
    }
  }

  #command(session: Session, line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') this.#ehlo(session);
    else if (line.toUpperCase() === 'STARTTLS') this.#starttls(session);
    else if (verb === 'AUTH') this.#react(session, 'AUTH');
    else if (verb === 'MAIL') {
      session.from = line.slice(10);
      session.to = [];
      this.#react(session, 'MAIL');
    } else if (verb === 'RCPT') {
      session.to.push(line.slice(8));
      this.#react(session, 'RCPT');
    } else if (verb === 'DATA') {
      if (this.#react(session, 'DATA').startsWith('3')) session.text = '';
    } else if (verb === 'RSET' || verb === 'NOOP') session.socket.write('250 ok\r\n');
    else if (verb === 'QUIT') session.socket.end('221 bye\r\n');
    else session.socket.write('502 unknown\r\n');
  }

  #dataLine(session: Session, line: string): void {
    if (line !== '.') {
      session.text += `${line.startsWith('.') ? line.slice(1) : line}\r\n`;
      return;
    }
    const { from, to, isEncrypted } = session;
    this.mails.push({ from, to, text: session.text ?? '', isEncrypted });
    session.text = undefined;
    this.#react(session, 'dot');
  }

  #ehlo(session: Session): void {
    const reaction = this.script.EHLO;
    if (reaction !== undefined) {
      this.#react(session, 'EHLO');
      return;
    }
    const features = ['relay.example'];
    if (this.#options.offersStarttls === true && !session.isEncrypted) features.push('STARTTLS');
    if (this.#options.offersAuth === true) features.push('AUTH PLAIN');
    if (this.#options.offersPipelining === true) features.push('PIPELINING');
    if (this.#options.offersDsn === true) features.push('DSN');
    const lines = features.map((feature, at) => `250${at === features.length - 1 ? ' ' : '-'}${feature}\r\n`);
    session.socket.write(lines.join(''));
  }

  #starttls(session: Session): void {
    if (this.#options.offersStarttls !== true || this.#options.tls === undefined) {
      session.socket.write('502 5.5.1 unknown command\r\n');
      return;
    }
    if (this.#react(session, 'STARTTLS') !== replies.STARTTLS) return;
    const plain = session.socket;
    plain.removeAllListeners('data');
    const secured = new TLSSocket(plain, { isServer: true, ...this.#options.tls });
    session.socket = secured;
    session.isEncrypted = true;
    session.rest = '';
    this.#listen(session);
  }

  #write({ socket, plain }: Session, { raw, next }: RawReaction): void {
    const bytes = Buffer.from(raw);
    let at = 0;
    const more = () => {
      if (socket.destroyed || at * bytes.length > mostFloodBytes) return;
      at += 1;
      if (next === 'flood') socket.write(bytes, more);
      else socket.write(bytes.subarray(at % bytes.length).subarray(0, 1), () => setTimeout(more, 20));
    };
    if (next === 'flood' || next === 'drip') more();
    else socket.write(bytes);
    if (next === 'reset') setImmediate(() => plain.resetAndDestroy());
    if (next === 'close') socket.end();
  }

  /** Replies, or does what the script says; the reply that was given. */
  #react(session: Session, step: SmtpStep): string {
    const reaction = this.script[step] ?? replies[step];
    if (typeof reaction === 'object') {
      this.#write(session, reaction);
      return '';
    }
    if (reaction === 'hang') return '';
    if (reaction === 'reset') session.plain.resetAndDestroy();
    else if (reaction === 'close') session.plain.destroy();
    else session.socket.write(`${reaction}\r\n`);
    return reaction;
  }
}
