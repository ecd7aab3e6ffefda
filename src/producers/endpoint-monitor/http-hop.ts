import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import type { Clock } from '../../ports/system.js';
import type { FailureCause } from './check-result.js';
import type { HostLookups } from './host-lookups.js';
import type { HttpTarget } from './http-target.js';

/** What became of one request. `latencyMs` is without what it waited for us. */
export type HopEnd =
  | { readonly kind: 'answer'; readonly latencyMs: number; readonly status: number; readonly location: string }
  | {
      readonly kind: 'failure';
      readonly latencyMs: number;
      readonly cause: FailureCause;
      readonly detail: string;
      /** The server had closed an idle connection: that says nothing about the endpoint. */
      readonly isStale: boolean;
    };

/** What a hop is made with. */
export interface HopDeps {
  readonly clock: Clock;
  readonly lookups: HostLookups;
  readonly agent: Agent;
}

const drainedBytes = 65_536;
const headerBytes = 65_536;

/**
 * One request, told of once: with the head of its answer or with a failure.
 *
 * What follows the head is drained so that the connection can serve again, up to 64 KiB; `cut` ends whatever is still going on. Informational
 * answers are passed over; a switch of protocols and the answer to CONNECT are answers, and their connections are closed.
 */
export class HttpHop {
  readonly #deps: HopDeps;
  readonly #onEnd: (end: HopEnd) => void;
  readonly #onClosed: () => void;
  readonly #isTls: boolean;
  readonly #startedAtMonoMs: number;
  #request: ClientRequest | undefined;
  #waitedMs = 0;
  #isEnded = false;
  #isConnected = false;
  #isSecure = false;
  #bytesBefore = 0;

  /** Sends at once. `onEnd` is called once, unless `cut` comes first; `onClosed` when nothing is going on any more. */
  constructor(target: HttpTarget, deps: HopDeps, onEnd: (end: HopEnd) => void, onClosed: () => void) {
    this.#deps = deps;
    this.#onEnd = onEnd;
    this.#onClosed = onClosed;
    this.#isTls = target.url.protocol === 'https:';
    this.#startedAtMonoMs = deps.clock.monoMs();
    try {
      this.#request = this.#send(target);
    } catch (error) {
      // Node refuses what it cannot write, such as a path that no parser of URLs complained of.
      deps.clock.soon(() => {
        this.#fail(error);
        onClosed();
      });
    }
  }

  /** Closes the connection, whatever it is doing; `onEnd` is not called any more. */
  cut(): void {
    this.#isEnded = true;
    this.#request?.destroy();
  }

  #send({ url, method, headers, body }: HttpTarget): ClientRequest {
    const send = this.#isTls ? httpsRequest : httpRequest;
    const request = send({
      ...urlToHttpOptions(url),
      method,
      headers: [...headers],
      agent: this.#deps.agent,
      lookup: this.#lookup,
      maxHeaderSize: headerBytes,
    });
    request.once('socket', (socket) => this.#onSocket(request, socket));
    request.once('response', (response) => this.#onResponse(response));
    const onSwitch = ({ statusCode }: IncomingMessage, socket: Socket) => {
      this.#answer(statusCode ?? 0, '');
      socket.destroy();
    };
    request.once('upgrade', onSwitch);
    request.once('connect', onSwitch);
    request.on('error', (error) => this.#fail(error));
    request.once('close', () => {
      this.#fail(new Error('closed'));
      this.#onClosed();
    });
    request.end(body);
    return request;
  }

  readonly #lookup: LookupFunction = (host, options, callback) => {
    this.#deps.lookups.find(host, (waitedMs, error, addresses) => {
      this.#waitedMs += waitedMs;
      const [first] = addresses;
      if (error !== null || first === undefined) callback(error ?? new Error('no address'), '', 0);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };

  #onSocket(request: ClientRequest, socket: Socket): void {
    this.#bytesBefore = socket.bytesRead;
    if (request.reusedSocket) {
      this.#isConnected = true;
      this.#isSecure = true;
      return;
    }
    socket.once('connect', () => {
      this.#isConnected = true;
    });
    socket.once('secureConnect', () => {
      this.#isSecure = true;
    });
  }

  #onResponse(response: IncomingMessage): void {
    this.#answer(response.statusCode ?? 0, response.headers.location ?? '');
    response.on('error', () => undefined);
    if (Number(response.headers['content-length'] ?? 0) > drainedBytes) {
      response.destroy();
      return;
    }
    let readBytes = 0;
    response.on('data', (chunk: Buffer) => {
      readBytes += chunk.length;
      if (readBytes > drainedBytes) response.destroy();
    });
  }

  #answer(status: number, location: string): void {
    this.#end({ kind: 'answer', latencyMs: this.#latencyMs(), status, location });
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    const { code, syscall } = factsOf(error);
    const cause = this.#causeOf(code, syscall);
    this.#end({ kind: 'failure', latencyMs: this.#latencyMs(), cause, detail: code, isStale: this.#isStale(cause) });
  }

  #end(end: HopEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd(end);
  }

  #latencyMs(): number {
    return this.#deps.clock.monoMs() - this.#startedAtMonoMs - this.#waitedMs;
  }

  #causeOf(code: string, syscall: string): FailureCause {
    if (syscall === 'getaddrinfo') return 'dns';
    if (/^(?:HPE_|ERR_)/.test(code) && (this.#isSecure || !this.#isTls || code.startsWith('ERR_INVALID_'))) {
      return 'protocol';
    }
    if (!this.#isConnected) return 'connect';
    return this.#isTls && !this.#isSecure ? 'tls' : 'reset';
  }

  #isStale(cause: FailureCause): boolean {
    const { socket, reusedSocket } = this.#request ?? {};
    if (cause !== 'reset' || reusedSocket !== true || socket === undefined || socket === null) return false;
    // The farewell of TLS counts among the bytes that were read.
    return this.#isTls || socket.bytesRead === this.#bytesBefore;
  }
}

function factsOf(error: unknown): { readonly code: string; readonly syscall: string } {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return { code: code ?? 'unknown failure', syscall: syscall ?? '' };
}
