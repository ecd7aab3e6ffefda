import { EngineError } from '../domain/errors.js';
import { Secret } from '../domain/secret.js';
import type { Fields } from '../ports/system.js';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** One line before it is put into words: `fields` are plain already. */
export interface LogLine {
  readonly atMs: number;
  readonly level: Level;
  readonly event: string;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const textLimit = 1000;
const listLimit = 20;
const depthLimit = 3;

/**
 * Makes the fields of an event fit for a line.
 *
 * `position` becomes `topic`, `partition` and `offset`; `error` becomes its message and `code`, without its cause, whose text belongs to a
 * library and may quote an address. 64-bit numbers become text, secrets `<redacted>`, bytes a count. Text is cut at 1,000 characters,
 * lists at 20 elements, depth at 3.
 */
export function plainFields(fields: Fields): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (name === 'position') Object.assign(plain, plainValue(value, depthLimit));
    else if (value instanceof Error) Object.assign(plain, plainError(name, value));
    else plain[name] = plainValue(value, depthLimit);
  }
  return plain;
}

function plainError(name: string, error: Error): Record<string, unknown> {
  const cause = error.cause instanceof Error ? codeOf(error.cause) : undefined;
  const code = codeOf(error);
  return {
    [name]: cleanText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause_code: cause }),
    // Anything else is a fault of ours: where it was thrown is worth more than its text.
    ...(error instanceof EngineError ? {} : { at: framesOf(error) }),
  };
}

function codeOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? cleanText(code) : undefined;
}

function framesOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return cleanText(
    frames
      .slice(0, 5)
      .map((line) => line.slice(7))
      .join(' < '),
  );
}

function plainValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return cleanText(value);
    case 'bigint':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'function':
    case 'symbol':
      return typeof value;
    case 'object':
      return plainObject(value, depth);
  }
}

function plainObject(value: object | null, depth: number): unknown {
  if (value === null) return null;
  if (value instanceof Secret) return value.toJSON();
  if (value instanceof Error) return cleanText(value.message);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (depth === 0) return 'deeper';
  if (Array.isArray(value)) return value.slice(0, listLimit).map((element) => plainValue(element, depth - 1));
  const plain: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value).slice(0, listLimit)) plain[name] = plainValue(inner, depth - 1);
  return plain;
}

/** Cuts, and writes out what could steer a terminal or start a line where nobody meant one: JSON leaves DEL, C1 and U+2028 as they are. */
function cleanText(text: string): string {
  const cut = text.length > textLimit ? `${text.slice(0, textLimit)}…` : text;
  return cut.replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${hex(character)}`);
}

/** One JSON object; the fixed keys come first and cannot be overwritten by a field. */
export function jsonLine(line: LogLine): string {
  const { ts: _ts, level: _level, event: _event, ...fields } = line.fields;
  return JSON.stringify({
    ts: new Date(line.atMs).toISOString(),
    level: line.level,
    event: line.event,
    msg: line.msg,
    ...fields,
  });
}

/** For people at a terminal: time, level, event, words, then the fields as `name=value`. */
export function textLine(line: LogLine): string {
  const fields = Object.entries(line.fields).map(([name, value]) => `${name}=${textValue(value)}`);
  const time = new Date(line.atMs).toISOString().slice(11, 23);
  const words = line.msg.replace(/\p{Cc}/gu, (character) => `\\u${hex(character)}`);
  return [time, line.level.toUpperCase().padEnd(5), line.event, `"${words}"`, ...fields].join(' ');
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, '0');
}

function textValue(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@<>+-]+$/.test(value) ? value : JSON.stringify(value);
}
