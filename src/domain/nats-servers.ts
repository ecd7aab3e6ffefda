/** Servers of one NATS cluster, and how to log in. */
export interface NatsServers {
  /** Each `host:port`, or `host` for the usual port. */
  readonly hosts: readonly string[];
  readonly login: { readonly user: string; readonly pass: string } | { readonly token: string } | undefined;
  readonly usesTls: boolean;
}

/**
 * Reads addresses such as `nats://127.0.0.1:4222`, `tls://user:password@host` or `nats://token@host`, separated by commas.
 *
 * The login of the first one counts. Undefined for what is no address, and for a `%` in a login that escapes nothing.
 */
export function parseNatsServers(text: string): NatsServers | undefined {
  const urls: URL[] = [];
  for (const part of text.split(',')) {
    const url = urlOf(part.trim());
    if (url === undefined) return undefined;
    urls.push(url);
  }
  const [user, pass] = [decoded(urls[0]?.username ?? ''), decoded(urls[0]?.password ?? '')];
  if (user === undefined || pass === undefined) return undefined;
  return {
    hosts: urls.map(({ host }) => host),
    login: loginOf(user, pass),
    usesTls: urls.some(({ protocol }) => protocol === 'tls:'),
  };
}

function urlOf(part: string): URL | undefined {
  const text = part.includes('://') ? part : `nats://${part}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^(nats|tls):$/.test(url.protocol) && url.host !== '' ? url : undefined;
}

function loginOf(user: string, pass: string): NatsServers['login'] {
  if (user === '') return undefined;
  return pass === '' ? { token: user } : { user, pass };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
