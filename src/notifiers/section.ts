import type { SectionKey, SectionProblem } from '../ports/notifier.js';

type Value = string | number | boolean;

const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

function readNumber(raw: unknown, spec: SectionKey): number | string {
  const least = spec.minimum ?? 0;
  const most = spec.maximum ?? Number.MAX_SAFE_INTEGER;
  const expected = `expected a ${spec.type === 'whole' ? 'whole number' : 'number'} from ${least}${spec.maximum === undefined ? '' : ` to ${most}`}`;
  let value = Number.NaN;
  if (typeof raw === 'number') value = raw;
  else if (typeof raw === 'string') {
    const parts = /^([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h)?$/.exec(raw.trim());
    const unit = parts?.[2];
    if (unit === undefined) value = Number(parts?.[1] ?? Number.NaN);
    else if (spec.type === 'seconds') value = Number(parts?.[1]) * (unitSeconds[unit] ?? Number.NaN);
  }
  const fits = value >= least && value <= most && (spec.type !== 'whole' || Number.isSafeInteger(value));
  return fits ? value : expected;
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

/** The value, or what is wrong with it; the text never repeats it, since it may be a secret in the wrong place. */
function readValue(raw: unknown, spec: SectionKey): { value: Value } | { problem: string } {
  switch (spec.type) {
    case 'text':
    case 'secret':
      return typeof raw === 'string' || typeof raw === 'number' ? { value: String(raw) } : { problem: 'expected text' };
    case 'choice': {
      const choices = spec.choices ?? [];
      const known = typeof raw === 'string' && choices.includes(raw);
      return known ? { value: raw } : { problem: `expected one of ${choices.join(', ')}` };
    }
    case 'boolean': {
      const value = typeof raw === 'string' ? booleans[raw.toLowerCase()] : raw;
      return typeof value === 'boolean' ? { value } : { problem: 'expected true or false' };
    }
    case 'whole':
    case 'number':
    case 'seconds': {
      const value = readNumber(raw, spec);
      return typeof value === 'number' ? { value } : { problem: value };
    }
    default:
      return spec.type satisfies never;
  }
}

/** A notifier's section read by its own table of keys: defaults filled in, all problems found at once. An empty value is no value. */
export class Section {
  readonly problems: readonly SectionProblem[];
  readonly #values = new Map<string, Value>();

  constructor(keys: readonly SectionKey[], section: Readonly<Record<string, unknown>> | undefined) {
    const problems: SectionProblem[] = [];
    for (const spec of keys) {
      const raw = section?.[spec.key];
      if (raw === undefined || raw === null || raw === '') {
        if (spec.default !== undefined) this.#values.set(spec.key, spec.default);
        continue;
      }
      const read = readValue(raw, spec);
      if ('value' in read) this.#values.set(spec.key, read.value);
      else problems.push({ key: spec.key, problem: read.problem });
    }
    this.problems = problems;
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  /** 0 for a key without value and default. */
  number(key: string): number {
    const value = this.#values.get(key);
    return typeof value === 'number' ? value : 0;
  }

  boolean(key: string): boolean {
    return this.#values.get(key) === true;
  }
}
