import {
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
import { type Findings, fileStart, type Place } from './problem.js';

/** A scalar with its text as written. `plain` scalars may stand for nothing (`null`, `~`, empty); quoted ones are always text. */
export interface YamlScalar {
  readonly kind: 'scalar';
  readonly at: Place;
  readonly text: string;
  readonly plain: boolean;
}
export interface YamlList {
  readonly kind: 'list';
  readonly at: Place;
  readonly items: readonly YamlNode[];
}
export interface YamlEntry {
  readonly key: string;
  readonly keyAt: Place;
  readonly value: YamlNode;
}
export interface YamlSection {
  readonly kind: 'section';
  readonly at: Place;
  readonly entries: readonly YamlEntry[];
}
/** A YAML value with its place. Scalars are not typed here: the key decides whether `0123` is a text or a number. */
export type YamlNode = YamlScalar | YamlList | YamlSection;

/** True for a plain `null`, `~` or nothing at all. */
export function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.plain && /^(|~|null|Null|NULL)$/.test(node.text);
}

/** How much of one document may be written by reference; a tree that is walked as a whole grows by it. */
export interface YamlLimits {
  readonly aliasCount: number;
  readonly mergedCount: number;
}

const maxDepth = 100;
const usualLimits: YamlLimits = { aliasCount: 50, mergedCount: 1000 };

/** Reads a document whose root is a section, as `readYamlTree` does; anything else is a problem. */
export function readYaml(source: string, findings: Findings): YamlSection | undefined {
  const root = readYamlTree(source, findings);
  if (root === undefined || root.kind === 'section') return root;
  if (isNothing(root)) {
    findings.problem(fileStart, '(file)', 'expected settings, got an empty file');
    return undefined;
  }
  const got = root.kind === 'list' ? 'a list' : 'a text';
  findings.problem(root.at, '(file)', `expected sections with keys, got ${got}`);
  return undefined;
}

/**
 * Reads one YAML document into sections, lists and scalars with places.
 *
 * Nothing is resolved but anchors and the `<<` merges of YAML 1.1; of the tags only `!!str` is known. What is wrong goes to `findings`; the
 * result is undefined when there is no document to speak of, and a scalar of nothing for an empty one. Never quotes values: they may be secrets, tags
 * and aliases included.
 */
export function readYamlTree(source: string, findings: Findings, limits = usualLimits): YamlNode | undefined {
  let events: Event[];
  try {
    events = parseEvents(source, { maxDepth });
  } catch (error) {
    const [place, reason] = syntaxError(error);
    findings.problem(place, '(file)', `expected valid YAML, got ${reason}`);
    return undefined;
  }
  return new TreeReader(source, events, findings, limits).document();
}

function syntaxError(error: unknown): [Place, string] {
  if (!(error instanceof YAMLException)) return [fileStart, 'something that the parser cannot read'];
  const place = error.mark === undefined ? fileStart : { line: error.mark.line + 1, column: error.mark.column + 1 };
  // What follows a colon or a quote is a piece of the file.
  return [place, `this: ${error.reason.replace(/[:"(].*$/s, '').trim()}`];
}

type CollectionEvent = Extract<Event, { start: number }>;
type ContentEvent = CollectionEvent | ScalarEvent;

/** Descends the flat events once. The parser has bounded the depth; aliases share nodes and are never copied. */
class TreeReader {
  readonly #source: string;
  readonly #events: readonly Event[];
  readonly #findings: Findings;
  readonly #limits: YamlLimits;
  readonly #lineStarts: number[] = [0];
  readonly #anchors = new Map<string, YamlNode>();
  #next = 0;
  #aliasCount = 0;
  #mergedCount = 0;

  constructor(source: string, events: readonly Event[], findings: Findings, limits: YamlLimits) {
    this.#source = source;
    this.#events = events;
    this.#findings = findings;
    this.#limits = limits;
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  document(): YamlNode | undefined {
    if (this.#events.length === 0) return nothingAt(fileStart);
    this.#next = 1;
    const root = this.#node(fileStart);
    this.#next += 1;
    if (this.#next < this.#events.length) {
      const second = this.#events.slice(this.#next).find((event) => 'start' in event || 'valueStart' in event);
      const place = second === undefined ? fileStart : this.#placeOf(second, fileStart);
      this.#findings.problem(place, '(file)', 'expected one YAML document, got another one');
      return undefined;
    }
    return root;
  }

  /** Reads the node that begins at the next event; `fallback` is the place of one that has no text of its own. */
  #node(fallback: Place): YamlNode {
    const event = this.#events[this.#next++];
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.#anchored(event, this.#scalar(event, fallback));
      case EVENT_ID.SEQUENCE:
        return this.#anchored(event, this.#list(event));
      case EVENT_ID.MAPPING:
        return this.#anchored(event, this.#section(event));
      case EVENT_ID.ALIAS:
        return this.#alias(this.#source.slice(event.anchorStart, event.anchorEnd), this.#place(event.anchorStart - 1));
      default:
        return nothingAt(fallback);
    }
  }

  #anchored(event: ContentEvent, node: YamlNode): YamlNode {
    const tag = event.tagStart < 0 ? undefined : this.#source.slice(event.tagStart, event.tagEnd);
    if (tag !== undefined && tag !== '!!str') {
      const place = this.#place(event.tagStart);
      this.#findings.problem(place, '(file)', 'expected no tag, got one; a text that begins with ! needs quotes');
    }
    if (event.anchorStart >= 0) this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), node);
    return node;
  }

  #scalar(event: ScalarEvent, fallback: Place): YamlScalar {
    const text = event.valueStart < 0 ? '' : getScalarValue(this.#source, event);
    const plain = event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0;
    return { kind: 'scalar', at: this.#placeOf(event, fallback), text, plain };
  }

  #list(event: CollectionEvent): YamlList {
    const at = this.#place(event.start);
    const items: YamlNode[] = [];
    while (!this.#popped()) items.push(this.#node(at));
    return { kind: 'list', at, items };
  }

  #section(event: CollectionEvent): YamlSection {
    const at = this.#place(event.start);
    const own = new Map<string, YamlEntry>();
    const merged: YamlEntry[] = [];
    while (!this.#popped()) {
      const key = this.#node(at);
      const value = this.#node(key.at);
      if (key.kind !== 'scalar') {
        this.#findings.problem(key.at, '(file)', `expected a name as key, got a ${key.kind}`);
      } else if (key.text === '<<' && key.plain) {
        for (const entry of this.#merge(value)) merged.push(entry);
      } else {
        this.#add(own, { key: key.text, keyAt: key.at, value });
      }
    }
    // What a section says itself wins over what it merges, and the first merged wins over later ones.
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return { kind: 'section', at, entries: [...own.values()] };
  }

  #add(own: Map<string, YamlEntry>, entry: YamlEntry): void {
    const first = own.get(entry.key);
    if (first === undefined) {
      own.set(entry.key, entry);
      return;
    }
    const { line, column } = first.keyAt;
    this.#findings.problem(
      entry.keyAt,
      entry.key,
      `expected each key once, got it again after line ${line}, column ${column}`,
    );
  }

  /** One by one: there can be more of them than a call takes arguments. */
  *#merge(value: YamlNode): Generator<YamlEntry> {
    const sections = value.kind === 'list' ? value.items : [value];
    for (const section of sections) {
      if (section.kind !== 'section') {
        this.#findings.problem(section.at, '<<', `expected a section to merge, got a ${section.kind}`);
        continue;
      }
      this.#mergedCount += section.entries.length;
      if (this.#mergedCount > this.#limits.mergedCount) {
        const most = this.#limits.mergedCount;
        this.#findings.problem(section.at, '<<', `expected at most ${most} merged keys, got more`);
        return;
      }
      yield* section.entries;
    }
  }

  #alias(name: string, at: Place): YamlNode {
    this.#aliasCount += 1;
    const most = this.#limits.aliasCount;
    if (this.#aliasCount > most) {
      if (this.#aliasCount === most + 1)
        this.#findings.problem(at, '(file)', `expected at most ${most} aliases, got more`);
      return nothingAt(at);
    }
    const node = this.#anchors.get(name);
    if (node !== undefined) return node;
    this.#findings.problem(
      at,
      '(file)',
      'expected an anchor before its alias, got none; a text that begins with * needs quotes',
    );
    return nothingAt(at);
  }

  #popped(): boolean {
    const event = this.#events[this.#next];
    if (event !== undefined && event.type !== EVENT_ID.POP) return false;
    this.#next += 1;
    return true;
  }

  #placeOf(event: Event, fallback: Place): Place {
    if ('start' in event) return this.#place(event.start);
    if ('valueStart' in event && event.valueStart >= 0) return this.#place(quoteStart(event));
    return fallback;
  }

  #place(offset: number): Place {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }
}

function quoteStart(event: ScalarEvent): number {
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

function nothingAt(at: Place): YamlScalar {
  return { kind: 'scalar', at, text: '', plain: true };
}
