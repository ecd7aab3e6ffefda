import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Endpoint } from '../../domain/endpoint.js';
import type { Clock } from '../../ports/system.js';
import { type CheckResult, type GradeRules, gradeOf } from './check-result.js';
import type { HostLookups } from './host-lookups.js';
import { type HopEnd, HttpHop } from './http-hop.js';
import { type HttpTarget, isIdempotent, redirected, targetOf } from './http-target.js';

export interface ProberOptions {
  readonly rules: GradeRules;
  readonly followsRedirects: boolean;
  /** False: a new connection for every request. */
  readonly reusesConnections: boolean;
  /** An idle connection is kept for so long. */
  readonly idleMs: number;
  readonly lookups: HostLookups;
  readonly clock: Clock;
}

/** A check under way. */
export interface RunningCheck {
  /** Ends it without a result, and what is left of its connections. */
  cut(): void;
}

/** Checks endpoints. What it measures begins with the sending of a request and ends with the head of its final answer. */
export interface EndpointProber {
  /** `onResult` is called once, by the end of `limitMs` or at the next turn of the event loop; never after `cut`. */
  check(endpoint: Endpoint, limitMs: number, onResult: (result: CheckResult) => void): RunningCheck;
  /** Closes idle connections. */
  close(): void;
}

const maxRedirectCount = 10;
/** Sessions to resume, so that a new connection to a known host is half a handshake. */
const keptTlsSessionCount = 10_000;

/** Checks endpoints over real connections. Idle ones are kept for methods that may be sent twice. */
export class HttpProber implements EndpointProber {
  readonly #options: ProberOptions;
  readonly #targets = new WeakMap<Endpoint, HttpTarget>();
  readonly #kept;
  readonly #fresh;

  constructor(options: ProberOptions) {
    this.#options = options;
    const many = { maxFreeSockets: Number.POSITIVE_INFINITY, timeout: options.idleMs };
    const sessions = { maxCachedSessions: options.reusesConnections ? keptTlsSessionCount : 0 };
    this.#kept = {
      'http:': new HttpAgent({ keepAlive: true, ...many }),
      'https:': new HttpsAgent({ keepAlive: true, ...many, ...sessions }),
    };
    this.#fresh = {
      'http:': new HttpAgent({ keepAlive: false }),
      'https:': new HttpsAgent({ keepAlive: false, ...sessions }),
    };
  }

  check(endpoint: Endpoint, limitMs: number, onResult: (result: CheckResult) => void): RunningCheck {
    const target = this.#targets.get(endpoint) ?? targetOf(endpoint);
    this.#targets.set(endpoint, target);
    const agentFor = (request: HttpTarget, isAgain: boolean) => this.#agentFor(request, isAgain);
    return new Check({ ...this.#options, endpoint, target, limitMs, agentFor, onResult });
  }

  close(): void {
    for (const agents of [this.#kept, this.#fresh]) for (const agent of Object.values(agents)) agent.destroy();
  }

  #agentFor(target: HttpTarget, isAgain: boolean): HttpAgent {
    const mayReuse = this.#options.reusesConnections && !isAgain && isIdempotent(target);
    const agents = mayReuse ? this.#kept : this.#fresh;
    return target.url.protocol === 'https:' ? agents['https:'] : agents['http:'];
  }
}

interface CheckOptions extends ProberOptions {
  readonly endpoint: Endpoint;
  readonly target: HttpTarget;
  readonly limitMs: number;
  readonly agentFor: (target: HttpTarget, isAgain: boolean) => HttpAgent;
  readonly onResult: (result: CheckResult) => void;
}

/** One check: a request, those that redirects lead to, and the one repetition after a connection that was closed already. */
class Check implements RunningCheck {
  readonly #options: CheckOptions;
  readonly #limit: ReturnType<Clock['limit']>;
  readonly #hops = new Set<HttpHop>();
  #hopsMs = 0;
  #redirectCount = 0;
  #hasResult = false;

  constructor(options: CheckOptions) {
    this.#options = options;
    const { clock, limitMs, target } = options;
    this.#limit = clock.limit(limitMs);
    // An answer may lie in the socket already when a busy or frozen process hears of its timer first.
    this.#limit.signal.addEventListener('abort', () => clock.soon(() => this.#expire()), { once: true });
    this.#request(target, false);
  }

  cut(): void {
    this.#hasResult = true;
    for (const hop of this.#hops) hop.cut();
    this.#limit.clear();
  }

  #request(target: HttpTarget, isAgain: boolean): void {
    const { clock, lookups, agentFor } = this.#options;
    const agent = agentFor(target, isAgain);
    const hop: HttpHop = new HttpHop(
      target,
      { clock, lookups, agent },
      (end) => this.#onEnd(target, end),
      () => {
        this.#hops.delete(hop);
        if (this.#hasResult && this.#hops.size === 0) this.#limit.clear();
      },
    );
    this.#hops.add(hop);
  }

  #onEnd(target: HttpTarget, end: HopEnd): void {
    if (end.kind === 'failure') {
      if (end.isStale) this.#request(target, true);
      else this.#tell({ grade: 'down', status: undefined, cause: end.cause, detail: end.detail }, end.latencyMs);
      return;
    }
    const next = this.#options.followsRedirects ? this.#next(target, end.status, end.location) : undefined;
    if (next === undefined) this.#grade(end.status, end.latencyMs);
    else if (typeof next === 'string') {
      this.#tell({ grade: 'down', status: end.status, cause: 'protocol', detail: next }, end.latencyMs);
    } else {
      this.#hopsMs += end.latencyMs;
      this.#redirectCount += 1;
      this.#request(next, false);
    }
  }

  /** Where a redirect leads, or why it cannot be followed. A 3xx without an address is an answer like any other. */
  #next(target: HttpTarget, status: number, location: string): HttpTarget | string | undefined {
    if (location === '') return undefined;
    const next = redirected(target, status, location);
    if (next === undefined) return undefined;
    if (next === 'bad') return 'bad redirect';
    return this.#redirectCount < maxRedirectCount ? next : `more than ${maxRedirectCount} redirects`;
  }

  #grade(status: number, latencyMs: number): void {
    const grade = gradeOf(status, this.#hopsMs + latencyMs, this.#options.rules);
    this.#tell({ grade, status, cause: grade === 'down' ? 'status' : undefined, detail: undefined }, latencyMs);
  }

  #tell(result: Omit<CheckResult, 'endpoint' | 'latencyMs'>, lastMs: number): void {
    if (this.#hasResult) return;
    this.#hasResult = true;
    this.#options.onResult({ ...result, endpoint: this.#options.endpoint, latencyMs: this.#hopsMs + lastMs });
  }

  #expire(): void {
    const { limitMs } = this.#options;
    for (const hop of this.#hops) hop.cut();
    this.#hopsMs = 0;
    const detail = `no answer within ${Number((limitMs / 1000).toFixed(1))} s`;
    this.#tell({ grade: 'down', status: undefined, cause: 'timeout', detail }, limitMs);
  }
}
