import { Secret } from '../domain/secret.js';
import type { Fields } from '../ports/system.js';

const mark = '$secret';

/** A piece of configuration as it travels to a worker: secrets in clear, marked, so that they are secrets again on the other side. */
export function toWireConfig(piece: object): Fields {
  return revealed(piece) as Fields;
}

/** The same piece in the worker. What came is trusted: it is our own main's. */
export function fromWireConfig<T>(fields: Fields): T {
  return concealed(fields) as T;
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { [mark]: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revealed(each)]));
}

function concealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(concealed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === mark) return new Secret(String(first[1]));
  return Object.fromEntries(entries.map(([key, each]) => [key, concealed(each)]));
}
