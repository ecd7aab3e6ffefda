import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { DeliveryError, EngineError, givenUp } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import { type HttpAnswer, retryAfterMs } from './http-status.js';

const answerLimitBytes = 65_536;

/** Codes of connections that never came about because of TLS, as OpenSSL and Node name them. */
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_CA$|HOSTNAME_MISMATCH$)/;

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** One request and its answer, under one deadline. Settles once, at once when the deadline or the caller ends it. */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpAnswer>;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #limit: ReturnType<Clock['limit']>;
  readonly #onLimit = () => this.#cut();
  #resolve: (answer: HttpAnswer) => void = () => {};
  #reject: (error: EngineError) => void = () => {};
  #isSettled = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #retryAfterMs: number | undefined;
  #chunks: Buffer[] = [];
  #readBytes = 0;

  constructor(host: string, clock: Clock, timeoutMs: number, signal: AbortSignal) {
    this.#host = host;
    this.#clock = clock;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#limit = clock.limit(timeoutMs, signal);
    if (this.#limit.signal.aborted) this.#cut();
    else this.#limit.signal.addEventListener('abort', this.#onLimit);
  }

  /** The connection is there, and the whole request goes into it in the same turn. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) controller.abort(new Error('given up'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    const pause = headers['retry-after'];
    if (pause !== undefined) this.#retryAfterMs = retryAfterMs(String(pause), this.#clock.nowMs());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return;
    const room = answerLimitBytes - this.#readBytes;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#readBytes += chunk.length;
    if (this.#readBytes < answerLimitBytes) return;
    this.#answered();
    controller.abort(new Error('enough was read'));
  }

  onResponseEnd(): void {
    this.#answered();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#status !== undefined) this.#answered();
    else this.#failed(this.#failure(error));
  }

  /** The deadline has passed, or the caller gave up. A status that came is an answer, however much of the body is missing. */
  #cut(): void {
    const controller = this.#controller;
    if (this.#status !== undefined) this.#answered();
    else this.#failed(this.#limit.expired ? this.#lateness() : givenUp(`the request to ${this.#host} was given up`));
    controller?.abort(new Error('given up'));
  }

  #answered(): void {
    if (this.#isSettled || this.#status === undefined) return;
    this.#settle();
    const body = this.#chunks.length === 0 ? '' : Buffer.concat(this.#chunks).toString('utf8');
    this.#resolve({ status: this.#status, body, retryAfterMs: this.#retryAfterMs });
  }

  #failed(error: EngineError): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#limit.signal.removeEventListener('abort', this.#onLimit);
    this.#limit.clear();
  }

  #lateness(): DeliveryError {
    return this.#controller === undefined
      ? new DeliveryError(`no connection to ${this.#host} in time; check that the receiver can be reached`, {
          failure: 'timed_out',
          retriable: true,
        })
      : new DeliveryError(`${this.#host} took the request and did not answer in time; it may have acted on it`, {
          failure: 'outcome_unknown',
          retriable: true,
        });
  }

  #failure(error: Error): EngineError {
    if (error instanceof EngineError) return error;
    const code = codeOf(error);
    const facts = { retriable: true, cause: error };
    if (this.#controller !== undefined) {
      return new DeliveryError(`the connection to ${this.#host} broke before an answer came (${code})`, {
        ...facts,
        failure: 'outcome_unknown',
      });
    }
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return this.#lateness();
    if (tlsCode.test(code)) {
      return new DeliveryError(`no trusted TLS connection to ${this.#host} (${code}); check its certificate`, {
        ...facts,
        failure: 'unreachable',
      });
    }
    return new DeliveryError(`no connection to ${this.#host} (${code}); check its name, port and firewall`, {
      ...facts,
      failure: 'unreachable',
    });
  }
}
