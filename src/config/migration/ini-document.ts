import { type Findings, fileStart, type Place } from '../problem.js';

/** One option of an INI file of oslo.config, its value as that library would read it. */
export interface IniOption {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly keyAt: Place;
  readonly valueAt: Place;
}

/** True for a text that begins as an INI file does: with a section in brackets, after blank lines and comments. */
export function looksLikeIni(source: string): boolean {
  const first = source.split('\n').find((line) => !/^\s*([#;].*)?\r?$/.test(line)) ?? '';
  return first.startsWith('[');
}

/**
 * Reads the options of an INI file: sections in brackets, `key = value` or `key: value`, comments after `#` and `;` at the start of a line,
 * values that go on in indented lines, and one pair of quotes around a value taken off. Of an option given twice the last counts.
 *
 * What is wrong goes to `findings`, with its place; values are never quoted there, since they may be secrets.
 */
export function readIni(source: string, findings: Findings): readonly IniOption[] {
  const reader = new IniReader(findings);
  for (const [index, line] of source.split('\n').entries()) reader.line(line.replace(/\r$/, ''), index + 1);
  return reader.options();
}

interface Open {
  readonly section: string;
  readonly key: string;
  readonly lines: string[];
  readonly keyAt: Place;
  readonly valueAt: Place;
}

class IniReader {
  readonly #findings: Findings;
  readonly #options = new Map<string, Open>();
  #section: string | undefined;
  #open: Open | undefined;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  line(line: string, number: number): void {
    if (line.trim() === '') this.#open = undefined;
    else if (/^[ \t]/.test(line)) this.#continued(line, number);
    else if (/^[#;]/.test(line)) this.#open = undefined;
    else if (line.startsWith('[')) this.#begin(line, number);
    else this.#assignment(line, number);
  }

  options(): readonly IniOption[] {
    if (this.#section === undefined && this.#findings.problems.length === 0) {
      this.#findings.problem(fileStart, '(file)', 'expected settings, got an empty file');
    }
    return [...this.#options.values()].map(({ lines, ...option }) => ({
      ...option,
      value: unquoted(lines.join('\n')),
    }));
  }

  #continued(line: string, number: number): void {
    if (this.#open === undefined) {
      const at = { line: number, column: line.search(/\S/) + 1 };
      this.#findings.problem(at, '(file)', 'expected a section or a key at the start of the line, got an indented one');
    } else this.#open.lines.push(line.trim());
  }

  #begin(line: string, number: number): void {
    this.#open = undefined;
    const [, name] = /^\[([^\]]+)\]\s*$/.exec(line) ?? [];
    if (name === undefined)
      this.#findings.problem({ line: number, column: 1 }, '(file)', 'expected [section], got part of it');
    else this.#section = name.trim();
  }

  #assignment(line: string, number: number): void {
    this.#open = undefined;
    const keyAt = { line: number, column: 1 };
    const [, key = '', gap = '', value = ''] = /^([^=:]*)([=:]\s*)(.*)$/.exec(line) ?? [];
    const expected = this.#expected(key.trim(), gap);
    if (expected !== undefined || this.#section === undefined) {
      this.#findings.problem(keyAt, key.trim() || '(file)', expected ?? 'expected a [section] before the first key');
      return;
    }
    const name = key.trim();
    const valueAt = { line: number, column: key.length + gap.length + 1 };
    this.#open = { section: this.#section, key: name, lines: [value.trim()], keyAt, valueAt };
    this.#options.set(`${this.#section}\n${name}`, this.#open);
  }

  #expected(key: string, gap: string): string | undefined {
    if (gap === '') return 'expected key = value, got no equals sign';
    return key === '' ? 'expected a key before the equals sign, got none' : undefined;
  }
}

function unquoted(value: string): string {
  const [first, last] = [value.at(0), value.at(-1)];
  return value.length > 1 && first === last && (first === '"' || first === "'") ? value.slice(1, -1) : value;
}
