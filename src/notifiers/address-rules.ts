import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '../domain/errors.js';

/**
 * Everything that is not the public internet, and everything that can carry such an address inside.
 *
 * `BlockList` judges a v4-mapped address by the v4 ranges, but not a v4-compatible (`::127.0.0.1`), translated or tunnelled one: those
 * prefixes are listed whole. Source: IANA special-purpose address registries, RFC 6890, 6052, 8215.
 */
const notPublic = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/** Where clouds hand credentials to whoever asks: refused even where `http.allow` covers them. */
const metadata = [
  '169.254.169.254/32',
  '169.254.170.2/32',
  '169.254.170.23/32',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '64:ff9b::a9fe:0/112',
  '::a9fe:0/112',
  '::ffff:0:a9fe:0/112',
  '2002:a9fe::/32',
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
  'fd20:ce::254/128',
] as const;

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

/** True when the text was an address or a CIDR, and is now on the list. */
function addRange(list: BlockList, text: string): boolean {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  if (version === 0) return false;
  if (slash < 0) {
    list.addAddress(address, family(address));
    return true;
  }
  const bits = text.slice(slash + 1);
  if (!/^[0-9]{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return false;
  list.addSubnet(address, Number(bits), family(address));
  return true;
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return list;
}

/** A host name as DNS compares it: lower case, without the final dot. */
function plainName(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/**
 * Judges the addresses that HTTP is about to connect to: public ones, and what `http.allow` opens by address, CIDR or host name.
 *
 * @throws CONFIG_INVALID for an entry that is neither.
 */
export class AddressRules {
  readonly #notPublic = blockList(notPublic);
  readonly #metadata = blockList(metadata);
  readonly #allowed = new BlockList();
  readonly #allowedHosts = new Set<string>();

  constructor(allow: readonly string[]) {
    for (const entry of allow) {
      if (addRange(this.#allowed, entry)) continue;
      if (!/^[a-z0-9_.-]+$/i.test(entry)) {
        throw new ConfigurationError('CONFIG_INVALID', 'http.allow: expected addresses, CIDRs or host names');
      }
      this.#allowedHosts.add(plainName(entry));
    }
  }

  /** True when `address`, to which `host` resolved (or which it is), may be connected to. */
  permits(host: string, address: string): boolean {
    const kind = family(address);
    if (isIP(address) === 0 || this.#metadata.check(address, kind)) return false;
    if (this.#allowed.check(address, kind) || this.#allowedHosts.has(plainName(host))) return true;
    return !this.#notPublic.check(address, kind);
  }
}
