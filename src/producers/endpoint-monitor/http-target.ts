import type { Endpoint } from '../../domain/endpoint.js';

/** One request as it goes on the wire. */
export interface HttpTarget {
  readonly url: URL;
  readonly method: string;
  /** Name, value, name, value …; `Host` and the length of the body included, `Connection` left to the agent. */
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
}

/** Methods for which HTTP frames an absent body as none; for all others it wants a length of 0. */
const withoutBody: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** True when the request may go out a second time: only then may it travel on a connection that the server is about to close. */
export function isIdempotent({ method }: HttpTarget): boolean {
  return idempotent.has(method);
}

/** The first request of a check. Nothing is added to the headers of the file but what HTTP itself needs, and a login of the URL. */
export function targetOf({ url, method, headers, authorization, body }: Endpoint): HttpTarget {
  const lines = headers.flatMap(({ name, value }) => [name, value.reveal()]);
  if (authorization !== undefined && !names(lines).includes('authorization')) {
    lines.push('Authorization', authorization.reveal());
  }
  return framed(new URL(url), method, lines, body === undefined ? undefined : Buffer.from(body.reveal()));
}

/**
 * The request that an answer with this status and `Location` leads to; undefined when it leads nowhere, `bad` when nobody can follow.
 *
 * 303, and 301 and 302 after POST, go on as GET without the body. Credentials and a `Host` of the file stay with their host.
 * Source: RFC 9110 15.4.
 */
export function redirected(from: HttpTarget, status: number, location: string): HttpTarget | 'bad' | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  // The characters of a header are its bytes.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const url = URL.canParse(text, from.url.href) ? new URL(text, from.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'bad';
  url.username = '';
  url.password = '';
  const becomesGet = (status === 303 && from.method !== 'HEAD') || (status < 303 && from.method === 'POST');
  const dropped = [
    ...(becomesGet ? ['content-type', 'content-encoding', 'content-language', 'content-location'] : []),
    ...(isSameHost(from.url, url) ? [] : ['host', 'authorization', 'cookie']),
    ...['content-length', ...(hasOwnHost(from) ? [] : ['host'])],
  ];
  const headers = without(from.headers, dropped);
  return framed(url, becomesGet ? 'GET' : from.method, headers, becomesGet ? undefined : from.body);
}

function framed(url: URL, method: string, headers: readonly string[], body: Buffer | undefined): HttpTarget {
  const given = names(headers);
  const host = given.includes('host') ? [] : ['Host', url.host];
  const needsLength = body !== undefined || !withoutBody.has(method);
  const length = needsLength && !given.includes('content-length') ? ['Content-Length', `${body?.length ?? 0}`] : [];
  return { url, method, headers: [...host, ...headers, ...length], body };
}

function names(headers: readonly string[]): readonly string[] {
  return headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
}

function without(headers: readonly string[], dropped: readonly string[]): readonly string[] {
  return headers.filter((_, index) => !dropped.includes((headers[index - (index % 2)] ?? '').toLowerCase()));
}

/** True when the file names a host other than that of the URL. */
function hasOwnHost({ url, headers }: HttpTarget): boolean {
  return headers[names(headers).indexOf('host') * 2 + 1] !== url.host;
}

/** The same host and port; from http to https on their usual ports is no other host, the way back is one. */
function isSameHost(one: URL, other: URL): boolean {
  if (one.hostname !== other.hostname) return false;
  const isUpgrade = one.protocol === 'http:' && other.protocol === 'https:' && one.port === '' && other.port === '';
  return isUpgrade || (one.protocol === other.protocol && one.port === other.port);
}
