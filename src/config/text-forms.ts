import { isIP, isIPv6 } from 'node:net';
import { parseListenAddress } from '../domain/listen-address.js';
import { parseNatsServers } from '../domain/nats-servers.js';
import { parseSchedule } from '../domain/schedule.js';
import type { Form } from './key-spec.js';

interface FormRule {
  readonly expected: string;
  readonly fits: (text: string) => boolean;
}

const isHost = (text: string) =>
  isIP(text) !== 0 || (text.length <= 253 && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text) && !text.includes('..'));

function isNetwork(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return isHost(text);
  const family = isIP(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  return family !== 0 && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** What each form asks of a text, and the words for it. */
export const textForms: Readonly<Record<Form, FormRule>> = {
  host: { expected: 'a host name or an IP address', fits: isHost },
  topic: {
    expected: 'a topic name (at most 249 letters, digits, dots, dashes, underscores)',
    fits: (text) => /^[A-Za-z0-9._-]{1,249}$/.test(text) && !/^\.\.?$/.test(text),
  },
  node: {
    expected: 'a name without slashes, blanks and control characters',
    fits: (text) => text.length <= 249 && !/[/\s\p{Cc}]/u.test(text) && !/^\.\.?$/.test(text),
  },
  chroot: {
    expected: 'a path such as /mon',
    fits: (text) => text.startsWith('/') && !text.endsWith('/') && !/\/\/|\s|\p{Cc}|\/\.\.?(\/|$)/u.test(text),
  },
  database: { expected: 'the name of a database', fits: (text) => text.length <= 64 && !/[/\\`\p{Cc}]/u.test(text) },
  schedule: {
    expected: 'a schedule such as 08:00,17:30 mon-fri Europe/Athens or every 4h',
    fits: (text) => parseSchedule(text) !== undefined,
  },
  listen: { expected: 'HOST:PORT or :PORT', fits: (text) => parseListenAddress(text) !== undefined },
  nats_servers: {
    expected: 'nats://HOST:PORT, or several separated by commas',
    fits: (text) => parseNatsServers(text) !== undefined,
  },
  network: { expected: 'a network such as 10.0.0.0/8, an IP address or a host name', fits: isNetwork },
};

/** Reads `host`, `host:port` or `[IPv6]:port`; the result always has a port. Undefined when it is none of these. */
export function hostWithPort(text: string, defaultPort: number): string | undefined {
  const match = /^(\[([^\]]*)\]|[^:[\]]+)(?::([0-9]{1,5}))?$/.exec(text);
  const host = match?.[1];
  if (host === undefined) return undefined;
  const literal = match?.[2];
  if (literal === undefined ? !isHost(host) : !isIPv6(literal)) return undefined;
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return port >= 1 && port <= 65535 ? `${host}:${port}` : undefined;
}
