/** Where something listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** Reads `HOST:PORT`, IPv6 in brackets; `:PORT` and `PORT` mean the loopback address. Undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const found = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):)?([0-9]{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) return undefined;
  return { host: found[1] ?? (found[2] || '127.0.0.1'), port };
}
