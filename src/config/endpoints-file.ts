import type { Endpoint, EndpointHeader } from '../domain/endpoint.js';
import { isNonEmpty, type NonEmpty } from '../domain/position.js';
import { Secret } from '../domain/secret.js';
import { nearestName } from './nearest.js';
import { Findings, type Place, type Problem } from './problem.js';
import { readFileText } from './read-file.js';
import { isNothing, readYamlTree, type YamlEntry, type YamlNode, type YamlSection } from './yaml-document.js';

/** What a file of endpoints holds, or everything that is wrong with it. Texts name entries, never values of headers and bodies. */
export type EndpointsFile =
  | { readonly kind: 'endpoints'; readonly endpoints: NonEmpty<Endpoint>; readonly warnings: readonly string[] }
  | { readonly kind: 'malformed'; readonly problems: NonEmpty<string>; readonly warnings: readonly string[] }
  | { readonly kind: 'unreadable'; readonly why: string };

const maxFileBytes = 1 << 20;
const maxHeaderCount = 100;
/** An entry is walked once per alias: this bounds the walk to some ten million steps. */
const limits = { aliasCount: 20_000, mergedCount: 200_000 };
const knownKeys = ['name', 'url', 'method', 'headers', 'body'];

/** Reads the endpoints of a file of at most 1 MiB; see `parseEndpoints`. */
export function readEndpointsFile(path: string): EndpointsFile {
  const file = readFileText(path, maxFileBytes);
  if (file.kind === 'text') return parseEndpoints(file.text);
  if (file.fault === 'path') return { kind: 'unreadable', why: file.why };
  return { kind: 'malformed', problems: [`the file holds ${file.why}`], warnings: [] };
}

/**
 * Reads a YAML list of endpoints.
 *
 * Scalars are those of YAML 1.2: numbers and booleans are taken as they are written in the values of headers, and are problems elsewhere. All
 * problems are told at once, in the order of the file; an unknown key is a warning.
 */
export function parseEndpoints(source: string): EndpointsFile {
  const found = new Findings('');
  const root = readYamlTree(source, found, limits);
  const items = root?.kind === 'list' ? root.items : [];
  const remarks: Remarks = { problems: [], warnings: [] };
  const endpoints = items.map((node, index) => new EntryReader(remarks, index + 1).endpoint(node));
  const warnings = remarks.warnings.map(({ text }) => text);
  const problems = [...remarks.problems, ...found.problems.map((problem) => remarkOf(problem, items))]
    .sort((a, b) => a.entry - b.entry || a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ text }) => text);
  if (isNonEmpty(problems)) return { kind: 'malformed', problems, warnings };
  const all = endpoints.filter((endpoint) => endpoint !== undefined);
  if (isNonEmpty(all)) return { kind: 'endpoints', endpoints: all, warnings };
  return { kind: 'malformed', problems: [rootProblem(root)], warnings };
}

interface Remark {
  /** Number of the entry, 0 for the file as a whole. */
  readonly entry: number;
  readonly at: Place;
  readonly text: string;
}

interface Remarks {
  readonly problems: Remark[];
  readonly warnings: Remark[];
}

function rootProblem(root: YamlNode | undefined): string {
  if (root === undefined || isNothing(root)) return 'the file is empty';
  if (root.kind === 'list') return 'the list of endpoints is empty';
  return `expected a list of endpoints, got ${kindOf(root)}`;
}

/** The YAML reader knows a place; people look for the entry. */
function remarkOf({ line, column, key, message }: Problem, items: readonly YamlNode[]): Remark {
  // An entry of nothing has no place of its own.
  const index = items.findLastIndex(
    (item) => !isNothing(item) && (item.at.line < line || (item.at.line === line && item.at.column <= column)),
  );
  const entry = items[index];
  const where = entry === undefined ? '' : `${entryName(entry, index + 1)}: `;
  const what = key === '(file)' ? '' : `${key}: `;
  const text = `${where}${what}${message} (line ${line}, column ${column})`;
  return { entry: index + 1, at: { line, column }, text };
}

function entryName(node: YamlNode, number: number): string {
  const name = node.kind === 'section' ? node.entries.find(({ key }) => key === 'name')?.value : undefined;
  return name?.kind === 'scalar' && !isNothing(name) ? `entry ${number} (${shown(name.text)})` : `entry ${number}`;
}

/** A text of the file on one line, cut. */
function shown(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return /\p{C}/u.test(cut) ? JSON.stringify(cut) : cut;
}

function kindOf(node: YamlNode): string {
  if (node.kind === 'section') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (isNothing(node)) return 'nothing';
  return typeOf(node.text, node.plain);
}

/** The core schema of YAML 1.2: `on`, `yes` and `no` are texts. */
function typeOf(text: string, plain: boolean): 'a text' | 'a number' | 'a boolean' {
  if (!plain) return 'a text';
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return 'a boolean';
  const isNumber =
    /^[-+]?[0-9]+$|^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(text) ||
    /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text) ||
    /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text);
  return isNumber ? 'a number' : 'a text';
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header must not hold
const forbiddenInHeader = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Reads one entry of the list; what is wrong goes to the remarks. */
class EntryReader {
  readonly #remarks: Remarks;
  readonly #number: number;
  #prefix: string;

  constructor(remarks: Remarks, number: number) {
    this.#remarks = remarks;
    this.#number = number;
    this.#prefix = `entry ${number}`;
  }

  endpoint(node: YamlNode): Endpoint | undefined {
    if (node.kind !== 'section') {
      this.#problem(node.at, `expected a map with name and url, got ${kindOf(node)}`);
      return undefined;
    }
    this.#prefix = entryName(node, this.#number);
    this.#warnOfUnknown(node);
    const name = this.#required(node, 'name');
    const address = this.#address(node);
    const method = this.#method(node);
    const body = this.#text(node, 'body');
    const headers = this.#headers(node, body);
    if (name === undefined || address === undefined || method === undefined) return undefined;
    const number = this.#number;
    return { number, name, method, ...address, headers, body: body === undefined ? undefined : new Secret(body) };
  }

  #warnOfUnknown({ entries }: YamlSection): void {
    for (const { key, keyAt } of entries) {
      if (knownKeys.includes(key)) continue;
      const nearest = nearestName(key, knownKeys);
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      this.#warning(keyAt, `unknown key ${shown(key)}${hint} (line ${keyAt.line})`);
    }
  }

  #required(node: YamlSection, key: 'name' | 'url'): string | undefined {
    if (entryOf(node, key) === undefined) this.#problem(node.at, `${key} is missing`);
    return this.#text(node, key);
  }

  /** The text under a key that may be missing. */
  #text(node: YamlSection, key: string): string | undefined {
    const entry = entryOf(node, key);
    return entry === undefined ? undefined : this.#textOf(entry, key);
  }

  #textOf({ value, keyAt }: YamlEntry, what: string): string | undefined {
    const kind = kindOf(value);
    if (value.kind === 'scalar' && kind === 'a text') return value.text;
    const advice = kind === 'a number' || kind === 'a boolean' ? '; put it in quotes' : '';
    const problem = kind === 'nothing' ? 'has no value' : `is ${kind}, expected a text${advice}`;
    this.#problem(keyAt, `${what} ${problem} (line ${keyAt.line})`);
    return undefined;
  }

  #method(node: YamlSection): string | undefined {
    const entry = entryOf(node, 'method');
    if (entry === undefined) return 'GET';
    const method = this.#textOf(entry, 'method');
    if (method === undefined || token.test(method)) return method?.toUpperCase();
    const { line } = entry.keyAt;
    this.#problem(entry.keyAt, `method is ${JSON.stringify(shown(method))}, expected one such as POST (line ${line})`);
    return undefined;
  }

  #address(node: YamlSection): Pick<Endpoint, 'url' | 'domain' | 'authorization'> | undefined {
    const text = this.#required(node, 'url');
    const entry = entryOf(node, 'url');
    if (text === undefined || entry === undefined) return undefined;
    const url = parseAddress(text);
    if (typeof url !== 'string') return url;
    this.#problem(entry.keyAt, `url ${url} (line ${entry.keyAt.line})`);
    return undefined;
  }

  #headers(node: YamlSection, body: string | undefined): readonly EndpointHeader[] {
    const entry = entryOf(node, 'headers');
    if (entry === undefined) return [];
    const { value, keyAt } = entry;
    if (value.kind !== 'section') {
      const problem = isNothing(value) ? 'has no value' : `is ${kindOf(value)}, expected a map of names to texts`;
      this.#problem(keyAt, `headers ${problem} (line ${keyAt.line})`);
      return [];
    }
    if (value.entries.length > maxHeaderCount) {
      this.#problem(keyAt, `headers holds more than ${maxHeaderCount} (line ${keyAt.line})`);
      return [];
    }
    return value.entries.flatMap((header) => this.#header(header, body) ?? []);
  }

  #header({ key, keyAt, value }: YamlEntry, body: string | undefined): EndpointHeader | undefined {
    const where = `(line ${keyAt.line})`;
    if (!token.test(key)) {
      this.#problem(keyAt, `header name ${JSON.stringify(shown(key))} has a forbidden character ${where}`);
      return undefined;
    }
    if (value.kind !== 'scalar' || isNothing(value)) {
      const got = isNothing(value) ? 'has no value' : `is ${kindOf(value)}, expected a text`;
      this.#problem(keyAt, `header ${shown(key)} ${got} ${where}`);
      return undefined;
    }
    if (forbiddenInHeader.test(value.text)) {
      this.#problem(keyAt, `header ${shown(key)} has a forbidden character in its value ${where}`);
      return undefined;
    }
    if (isFraming(key, value.text, body)) {
      const why = 'follows from the body; the one in the file is not sent';
      this.#warning(keyAt, `header ${key} ${why} ${where}`);
      return undefined;
    }
    return { name: key, value: new Secret(Buffer.from(value.text, 'utf8').toString('latin1')) };
  }

  #problem(at: Place, text: string): void {
    this.#remarks.problems.push({ entry: this.#number, at, text: `${this.#prefix}: ${text}` });
  }

  #warning(at: Place, text: string): void {
    this.#remarks.warnings.push({ entry: this.#number, at, text: `${this.#prefix}: ${text}` });
  }
}

function entryOf({ entries }: YamlSection, key: string): YamlEntry | undefined {
  return entries.find((entry) => entry.key === key);
}

/** A length that is not that of the body would make the server wait for the rest, or read the next request out of it. */
function isFraming(name: string, value: string, body: string | undefined): boolean {
  const lower = name.toLowerCase();
  if (lower === 'transfer-encoding') return true;
  return lower === 'content-length' && value !== String(Buffer.byteLength(body ?? ''));
}

/** The parts of an absolute URL, or what is wrong with it; never quotes it, since it may hold a password. */
function parseAddress(text: string): Pick<Endpoint, 'url' | 'domain' | 'authorization'> | string {
  if (/[\s\p{Cc}]/u.test(text)) return 'has a blank or a control character';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') return 'must begin with http:// or https://';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') return 'has no valid host or port';
  const { username, password, hostname } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  const login = username === '' && password === '' ? undefined : `${decoded(username)}:${decoded(password)}`;
  const authorization = login === undefined ? undefined : new Secret(`Basic ${Buffer.from(login).toString('base64')}`);
  return { url: url.href, domain: hostname, authorization };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
