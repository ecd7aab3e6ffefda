import type { Clock } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type AlertList, parseAlertList, parseQueryAnswer } from './alert.js';

/** One request to the alerts server. `maxBytes` bounds what is read of the answer. */
export interface ApiCall {
  readonly method: 'GET' | 'POST';
  /** Below the server's address, such as `/query?target=x`. */
  readonly path: string;
  readonly body: string | undefined;
  readonly maxBytes: number;
}

/** An answer, or why there is none. `not_sent`, and `not_connected` when the time was over: the server has certainly not seen the request. */
export type ApiReply =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'timeout' | 'not_connected' | 'not_sent' | 'broken'; readonly cause: string };

/** Puts one request on the wire, within `timeoutMs` in total. Never rejects; `signal` ends it at once. */
export type ApiTransport = (call: ApiCall, timeoutMs: number, signal: AbortSignal) => Promise<ApiReply>;

/** What came of a request. `refused`: it was certainly not carried out. `cause` is for people. */
export type ApiResult<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused' | 'unknown'; readonly isTimeout: boolean; readonly cause: string };

type Endpoint = 'alerts' | 'query' | 'notify' | 'resolve';

/** One answer that got lost is no outage. */
const patienceMs = 5_000;
const answerMaxBytes = 1024 * 1024;
/** Ten thousand alerts take two of them. */
const listMaxBytes = 16 * 1024 * 1024;

/** Speaks the protocol of the alerts server: 200 and nothing else is a success. One request per call; whoever calls tries again. */
export class AlertsClient {
  readonly #transport: ApiTransport;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  #inFlightCount = 0;
  #away: { readonly sinceMonoMs: number; readonly cause: string } | undefined;

  constructor(transport: ApiTransport, deps: { readonly clock: Clock; readonly telemetry: Telemetry }) {
    this.#transport = transport;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
  }

  /** Why the server is away; undefined while it answers, and for the first seconds of an outage. */
  problem(): string | undefined {
    if (this.#away === undefined) return undefined;
    const awayMs = this.#clock.monoMs() - this.#away.sinceMonoMs;
    const text = `the alerts server has not answered for ${Math.round(awayMs / 1_000)} s: ${this.#away.cause}`;
    return awayMs >= patienceMs ? text : undefined;
  }

  async list(timeoutMs: number, signal: AbortSignal): Promise<ApiResult<AlertList>> {
    const call = { method: 'GET', path: '/alerts', body: undefined, maxBytes: listMaxBytes } as const;
    return await this.#ask('alerts', call, timeoutMs, signal, (body) => parseAlertList(body));
  }

  async query(target: string, timeoutMs: number, signal: AbortSignal): Promise<ApiResult<number>> {
    // Half of a surrogate pair cannot be encoded; written to bytes and back it is a replacement character.
    const encoded = encodeURIComponent(Buffer.from(target).toString());
    const path = `/query?target=${encoded}`;
    const call = { method: 'GET', path, body: undefined, maxBytes: answerMaxBytes } as const;
    return await this.#ask('query', call, timeoutMs, signal, (body) => parseQueryAnswer(body));
  }

  async notify(alertName: string, message: string, timeoutMs: number, signal: AbortSignal): Promise<ApiResult<true>> {
    return await this.#tell('notify', { alertName, message }, timeoutMs, signal);
  }

  async resolve(alertName: string, timeoutMs: number, signal: AbortSignal): Promise<ApiResult<true>> {
    return await this.#tell('resolve', { alertName }, timeoutMs, signal);
  }

  async #tell(endpoint: Endpoint, body: object, timeoutMs: number, signal: AbortSignal): Promise<ApiResult<true>> {
    const text = JSON.stringify(body);
    const call = { method: 'POST', path: `/${endpoint}`, body: text, maxBytes: answerMaxBytes } as const;
    return await this.#ask(endpoint, call, timeoutMs, signal, () => true as const);
  }

  async #ask<T>(
    endpoint: Endpoint,
    call: ApiCall,
    timeoutMs: number,
    signal: AbortSignal,
    read: (body: string) => T | undefined,
  ): Promise<ApiResult<T>> {
    const startedAtMonoMs = this.#clock.monoMs();
    this.#inFlight(1);
    const reply = await this.#transport(call, timeoutMs, signal);
    this.#inFlight(-1);
    if (reply.kind === 'answer') this.#away = undefined;
    else if (!signal.aborted) this.#away ??= { sinceMonoMs: startedAtMonoMs, cause: reply.cause };
    this.#telemetry.count('alert_exec_requests_total', { endpoint, code: codeOf(reply) });
    const seconds = (this.#clock.monoMs() - startedAtMonoMs) / 1_000;
    this.#telemetry.observe('alert_exec_request_duration_seconds', seconds, { endpoint });
    return resultOf(reply, read);
  }

  #inFlight(by: number): void {
    this.#inFlightCount += by;
    this.#telemetry.gauge('alert_exec_requests_in_flight', this.#inFlightCount);
  }
}

function codeOf(reply: ApiReply): string {
  if (reply.kind === 'answer') return String(reply.status);
  return isTimedOut(reply) ? 'timeout' : 'error';
}

function isTimedOut({ kind }: ApiReply): boolean {
  return kind === 'timeout' || kind === 'not_connected';
}

function resultOf<T>(reply: ApiReply, read: (body: string) => T | undefined): ApiResult<T> {
  if (reply.kind !== 'answer') {
    const isUnseen = reply.kind === 'not_sent' || reply.kind === 'not_connected';
    return { kind: isUnseen ? 'refused' : 'unknown', isTimeout: isTimedOut(reply), cause: reply.cause };
  }
  const refused = (cause: string) => ({ kind: 'refused', isTimeout: false, cause }) as const;
  if (reply.status !== 200) return refused(`could not complete request got ${reply.status}`);
  const value = read(reply.body);
  return value === undefined ? refused('the answer is not of the expected form') : { kind: 'done', value };
}
