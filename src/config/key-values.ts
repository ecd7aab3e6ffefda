import { Secret } from '../domain/secret.js';
import type { KeySpec } from './key-spec.js';
import { anyPositive } from './key-spec.js';
import { hostWithPort, textForms } from './text-forms.js';

/** A value in the unit of the compiled configuration, or the words that complete "expected …, got …". */
export type ReadValue = { readonly value: unknown } | { readonly expected: string };

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads the text of one scalar as the key asks. `text` is not empty but where the key allows that. */
export function valueOfText(spec: KeySpec, text: string): ReadValue {
  switch (spec.type) {
    case 'text':
      return orExpected(spec, fits(spec, text) ? text : undefined);
    case 'secret':
      return orExpected(spec, fits(spec, text) ? new Secret(text) : undefined);
    case 'secret_pem':
      return { value: new Secret(text) };
    case 'pem':
      return { value: text };
    case 'whole':
      return orExpected(spec, inside(spec, /^(0|-?[1-9][0-9]{0,14})$/.test(text) ? Number(text) : undefined));
    case 'number':
      return orExpected(spec, inside(spec, numberOf(text)));
    case 'seconds': {
      const seconds = inside(spec, secondsOf(text));
      return orExpected(spec, seconds === undefined ? undefined : wholeMs(seconds));
    }
    case 'boolean':
    case 'switch':
      return orExpected(spec, booleanOf(text));
    case 'choice': {
      const word = text.toLowerCase();
      return orExpected(spec, spec.choices.includes(word) ? word : spec.synonyms?.[word]);
    }
    case 'hosts':
    case 'list':
      return valueOfParts(spec, text);
    case 'periods':
    case 'schedules':
    case 'method_options':
      return { expected: expectedOf(spec) };
    default:
      return spec satisfies never;
  }
}

/** Reads the parts of a text between commas. */
function valueOfParts(spec: ItemSpec, text: string): ReadValue {
  const values: unknown[] = [];
  for (const part of text.split(',')) {
    const read = valueOfItem(spec, part.trim());
    if ('expected' in read) return { expected: expectedOf(spec) };
    values.push(read.value);
  }
  return { value: values };
}

/** A key that takes several values. */
export type ItemSpec = Extract<KeySpec, { type: 'list' | 'hosts' }>;

/** Reads one of several values. */
export function valueOfItem(spec: ItemSpec, text: string): ReadValue {
  if (spec.type === 'list') {
    return text !== '' && fits(spec, text) ? { value: text } : { expected: itemExpected(spec) };
  }
  const host = hostWithPort(text, spec.port);
  const isWrong = host === undefined || (spec.namesOnly && host.includes('['));
  return isWrong ? { expected: `host:port${spec.namesOnly ? ', no IPv6 address' : ''}` } : { value: host };
}

function itemExpected({ form }: Extract<KeySpec, { type: 'list' }>): string {
  return form === undefined ? 'a text' : textForms[form].expected;
}

/** Reads a repeat time, in seconds or as a duration; undefined when it is none. */
export function periodMsOf(time: string): number | undefined {
  const seconds = secondsOf(time);
  return seconds === undefined || seconds < 1 ? undefined : Math.round(seconds * 1000);
}

/** What a key wants, in words for people. */
export function expectedOf(spec: KeySpec): string {
  switch (spec.type) {
    case 'text':
    case 'secret':
      return spec.form === undefined ? 'a text' : textForms[spec.form].expected;
    case 'pem':
    case 'secret_pem':
      return 'PEM text or the path of a PEM file';
    case 'whole':
    case 'number':
      return bounds(spec, '');
    case 'seconds':
      return `seconds or a duration such as 30s, 5m, 2h, 500ms, ${bounds(spec, ' s')}`;
    case 'boolean':
      return 'true or false';
    case 'switch':
      return 'true, false or a section';
    case 'choice':
      return oneOf(spec.choices);
    case 'hosts':
      return `host:port, or several separated by commas${spec.namesOnly ? ', no IPv6 address' : ''}`;
    case 'list':
      return `a list, each item ${itemExpected(spec)}`;
    case 'periods':
      return 'a section of repeat seconds and topic names';
    case 'schedules':
      return 'a section of names, each with a schedule such as 08:00,17:30 mon-fri Europe/Athens or every 4h';
    case 'method_options':
      return 'a section of method ids, each with delivery (immediate or digest), schedule, empty (skip or send)';
    default:
      return spec satisfies never;
  }
}

const methodChoices = { delivery: ['immediate', 'digest'], empty: ['skip', 'send'] } as const;

/** Reads one option of one notification method: a part of its MethodOptions. */
export function methodOption(option: string, text: string): ReadValue {
  if (option === 'schedule') {
    const { fits: isSchedule, expected } = textForms.schedule;
    return isSchedule(text) ? { value: { schedule: text } } : { expected };
  }
  if (option !== 'delivery' && option !== 'empty') return { expected: 'one of delivery, schedule and empty' };
  const word = methodChoices[option].find((choice) => choice === text.toLowerCase());
  return word === undefined ? { expected: oneOf(methodChoices[option]) } : { value: { [option]: word } };
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nothing';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function orExpected(spec: KeySpec, value: unknown): ReadValue {
  return value === undefined ? { expected: expectedOf(spec) } : { value };
}

function fits(spec: Extract<KeySpec, { type: 'text' | 'secret' | 'list' }>, text: string): boolean {
  return spec.form === undefined || textForms[spec.form].fits(text);
}

type Bounded = Extract<KeySpec, { minimum: number }>;

function inside(spec: Bounded, value: number | undefined): number | undefined {
  return value !== undefined && value >= spec.minimum && value <= spec.maximum ? value : undefined;
}

function bounds({ minimum, maximum }: Bounded, unit: string): string {
  if (minimum === anyPositive) return `above 0${unit}, at most ${maximum}${unit}`;
  if (maximum === Number.MAX_SAFE_INTEGER) return `at least ${minimum}${unit}`;
  return `${minimum} to ${maximum}${unit}`;
}

function numberOf(text: string): number | undefined {
  return /^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$/.test(text) ? Number(text) : undefined;
}

function secondsOf(text: string): number | undefined {
  const match = /^([0-9]{1,12}(?:\.[0-9]{1,9})?) ?(ms|s|m|h)?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const unit = (match[2] ?? 's') as keyof typeof unitMs;
  return (Number(match[1]) * unitMs[unit]) / 1000;
}

/** No clock of ours keeps less than a millisecond, and what is not nothing must not become it. */
function wholeMs(seconds: number): number {
  return seconds > 0 ? Math.max(1, Math.round(seconds * 1000)) : 0;
}

/** The booleans of YAML 1.1, which the files of 2014 are written in. */
function booleanOf(text: string): boolean | undefined {
  if (/^(true|yes|on)$/i.test(text)) return true;
  return /^(false|no|off)$/i.test(text) ? false : undefined;
}
