import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { DeliveryError } from '../domain/errors.js';
import type { HttpRules } from '../ports/notifier.js';
import type { Clock } from '../ports/system.js';
import { AddressRules } from './address-rules.js';
import { HttpExchange } from './http-exchange.js';
import type { HttpAnswer } from './http-status.js';
import { withoutContinue } from './interim-answers.js';

/** One request. `headers` are fixed names with values that we made; nothing of an alarm or an address belongs into them. */
export interface HttpRequest {
  /** POST unless said otherwise. */
  readonly method?: 'GET';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpPostOptions {
  readonly clock: Clock;
  readonly rules: HttpRules;
  /** How many workers share the limit per destination. */
  readonly senders: number;
  /** For one POST in total: name, connection, TLS, request, answer. */
  readonly timeoutMs: number;
  /** Trusted instead of the system's certificate authorities, PEM. */
  readonly ca?: string;
  /** All addresses of a host name. Given by tests; otherwise the system resolver. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

const longestUrlCharacters = 2048;
/** What may come before an answer's body; more is an attack or a mistake. */
const longestHeadersBytes = 16_384;

/**
 * Reads an address as the http(s) URL that it must be.
 *
 * Blanks and control characters are refused rather than dropped, as the URL parser would. @throws DeliveryError `bad_address`.
 */
export function parseHttpAddress(address: string): URL {
  const text = address.trim();
  const problem = (what: string) =>
    new DeliveryError(`the method's address ${what}`, { failure: 'bad_address', retriable: false });
  if (text === '') throw problem('is empty');
  if (text.length > longestUrlCharacters) throw problem(`is longer than ${longestUrlCharacters} characters`);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || (code >= 0x7f && code <= 0x9f)) throw problem('contains blanks or control characters');
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw problem('is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw problem('is neither http nor https');
  if (url.username !== '' || url.password !== '') throw problem('carries a user name or password');
  return url;
}

/** Host and port of an address, which requests to it share; never throws and never shows more of the address. */
export function httpDestination(address: string): string {
  try {
    return parseHttpAddress(address).host;
  } catch {
    return 'no usable address';
  }
}

/**
 * The one place that posts.
 *
 * Connects only to addresses that the rules permit, and to exactly the one that was judged: a name is resolved here, once per connection,
 * and what the resolver says later cannot move it. No redirects, no decoding, TLS verified from 1.2 on, one deadline over everything, at
 * most 64 KiB of answer. Connections are kept per origin, as many as this worker's share of the limit per destination.
 */
export class HttpPost {
  readonly #options: HttpPostOptions;
  readonly #rules: AddressRules;
  readonly #agent: Agent;
  /** For https, where there is a proxy: it resolves names by itself, so only literal addresses can be judged here. */
  readonly #proxy: ProxyAgent | undefined;
  readonly #lookups = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(options: HttpPostOptions) {
    this.#options = options;
    this.#rules = new AddressRules(options.rules.allow);
    const limits = {
      connections: Math.max(1, Math.ceil(options.rules.concurrencyPerDestination / options.senders)),
      pipelining: 1,
      maxHeaderSize: longestHeadersBytes,
      // The deadline of each POST covers these, exactly and in total; idle timers only add cost.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#agent = new Agent({ ...limits, connect: withoutContinue(this.#connector()) });
    const proxy = options.rules.way?.proxy?.reveal();
    this.#proxy =
      proxy === undefined
        ? undefined
        : new ProxyAgent({ ...limits, uri: proxy, requestTls: this.#tls(), factory: tunnels });
  }

  /**
   * Resolves with the answer, whatever its status, once it has been read to its end, its 64 KiB or the deadline.
   * @throws DeliveryError when there was none; ABORTED when `signal` ended it.
   */
  post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const exchange = new HttpExchange(request.url.host, this.#options.clock, this.#options.timeoutMs, signal);
    if (!signal.aborted) {
      const { url } = request;
      this.#dispatcherFor(url).dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method ?? 'POST',
          headers: { ...request.headers, 'accept-encoding': 'identity' },
          body: request.method === 'GET' ? null : request.body,
        },
        exchange,
      );
    }
    return exchange.answer;
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#proxy?.destroy()]);
  }

  /** A literal address that is not permitted goes the way where it is refused. */
  #dispatcherFor({ protocol, hostname }: URL): Dispatcher {
    const literal = hostname.replace(/^\[|\]$/g, '');
    const isForbidden = isIP(literal) !== 0 && !this.#rules.permits(literal, literal);
    return this.#proxy !== undefined && protocol === 'https:' && !isForbidden ? this.#proxy : this.#agent;
  }

  #tls() {
    const { ca = this.#options.ca, isInsecure = false } = this.#options.rules.way ?? {};
    return {
      timeout: this.#options.timeoutMs,
      rejectUnauthorized: !isInsecure,
      minVersion: 'TLSv1.2' as const,
      ...(ca === undefined ? {} : { ca }),
    };
  }

  #connector(): buildConnector.connector {
    const connect = buildConnector({
      ...this.#tls(),
      lookup: this.#lookup,
      autoSelectFamilyAttemptTimeout: 1000,
    });
    return (options, callback) => {
      // A literal address never passes through `lookup`.
      if (isIP(options.hostname) !== 0 && !this.#rules.permits(options.hostname, options.hostname)) {
        callback(forbidden(options.hostname), null);
        return;
      }
      connect(options, callback);
    };
  }

  readonly #lookup: LookupFunction = (host, options, callback) => {
    this.#resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every(({ address }) => this.#rules.permits(host, address))) {
          callback(forbidden(host), '');
        } else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

  /** One question per name at a time: the system resolver has few threads, and a dead name server holds each for seconds. */
  #resolve(host: string): Promise<readonly LookupAddress[]> {
    const open = this.#lookups.get(host);
    if (open !== undefined) return open;
    const resolve = this.#options.resolve ?? ((name: string) => systemLookup(name, { all: true }));
    const asked = resolve(host).finally(() => this.#lookups.delete(host));
    this.#lookups.set(host, asked);
    return asked;
  }
}

/** Connections to one receiver through the proxy, whose agent brings the way to open them. */
function tunnels(origin: string | URL, options: object): Pool {
  const { connect, ...others }: Pool.Options = options;
  return new Pool(origin, {
    ...others,
    ...(typeof connect === 'function' ? { connect: withoutContinue(connect) } : {}),
  });
}

function forbidden(host: string): DeliveryError {
  return new DeliveryError(`${host} is not a public address; http.allow opens internal ones`, {
    failure: 'forbidden_address',
    retriable: false,
  });
}
