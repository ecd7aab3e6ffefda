import type { Clock } from '../../ports/system.js';
import { type Script, type Step, usableAlerts } from './script.js';
import { seeded } from './seeded.js';
import { Validator, type Verdict } from './validator.js';

export interface FakeAlertsOptions {
  readonly script: Script;
  /** Share of calls that are answered with 500, on every endpoint. */
  readonly faults: number;
  /** The same number gives the same values and the same faults. */
  readonly random: number;
  readonly clock: Clock;
  /** Hears of each call, for people. */
  readonly onCall?: (line: string) => void;
}

/** What is to be answered. Nothing counts as answered before `done` was called, and nothing at all with `hangs`. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: string;
  readonly delayMs: number;
  readonly hangs: boolean;
  /** To be called when the answer goes out. */
  done(): void;
}

/** A call that was accepted. */
export interface AcceptedCall {
  readonly kind: 'notify' | 'resolve';
  readonly name: string;
  readonly message: string;
  /** Since the start, milliseconds. */
  readonly atMs: number;
}

const maxKeptCalls = 100_000;

/** An alerts server without a network: answers calls as its script says, and knows exactly what it served and accepted. */
export class FakeAlerts {
  readonly accepted: AcceptedCall[] = [];
  readonly #options: FakeAlertsOptions;
  readonly #validator: Validator;
  readonly #nameOf = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #startMonoMs: number;
  readonly #listText: string;
  callCount = 0;
  faultCount = 0;

  constructor(options: FakeAlertsOptions) {
    this.#options = options;
    const alerts = usableAlerts(options.script);
    this.#validator = new Validator(alerts);
    this.#listText = JSON.stringify(options.script.alerts);
    for (const { query, name } of alerts) this.#nameOf.set(query, name);
    this.#startMonoMs = options.clock.monoMs();
  }

  /** Milliseconds since the start. */
  get nowMs(): number {
    return this.#options.clock.monoMs() - this.#startMonoMs;
  }

  /** What was found wrong since the last report. */
  report(): Verdict {
    return this.#validator.report(this.nowMs);
  }

  answer(method: string, path: string, body: string): FakeAnswer {
    this.callCount += 1;
    const answer = this.#answer(method, path, body);
    this.#options.onCall?.(`${method} ${path} ${body} -> ${answer.hangs ? 'no answer' : answer.status}`);
    return answer;
  }

  #answer(method: string, path: string, body: string): FakeAnswer {
    const { script } = this.#options;
    const [endpoint, search = ''] = path.split('?', 2);
    switch (`${method} ${endpoint}`) {
      case 'GET /alerts':
        return this.#stepped('alerts', stepAt(script.list, this.#count('alerts')), this.#listText);
      case 'GET /query':
        return this.#query(new URLSearchParams(search.replaceAll('+', '%2B')).get('target') ?? '');
      case 'POST /notify':
      case 'POST /resolve':
        return this.#told(endpoint === '/notify' ? 'notify' : 'resolve', body);
      default:
        return said(404, 'no such endpoint');
    }
  }

  #query(target: string): FakeAnswer {
    const name = this.#nameOf.get(target);
    if (name === undefined) return said(404, 'no such query');
    const step = this.#valueStep(target);
    const isGood = step.status === undefined && step.body === undefined;
    const text = isGood ? JSON.stringify({ value: step.value ?? 0 }) : '';
    return this.#stepped(`query ${target}`, step, text, () => {
      if (isGood) this.#validator.served(name, step.value ?? 0, this.nowMs);
    });
  }

  /** The n-th good answer to a query is the same in each run; a call that fails does not use it up. */
  #valueStep(target: string): Step {
    const { script, random } = this.#options;
    const steps = script.steps[target];
    if (this.#isFault(`query ${target}`)) return { status: 500 };
    const count = this.#count(`value ${target}`);
    if (steps !== undefined) return steps[Math.min(count, steps.length - 1)] ?? {};
    // A value holds for one to twelve looks, so that some states outlast a repeat; each of the three states comes about as often.
    const holdCount = 1 + Math.floor(12 * seeded(random, target, 'hold'));
    const value = 300 * seeded(random, target, Math.floor(count / holdCount));
    return { value: Math.round(value * 1e5) / 1e5 };
  }

  #told(kind: 'notify' | 'resolve', body: string): FakeAnswer {
    const call = readCall(body, kind);
    if (call === undefined) return said(400, 'expected alertName, and a message with notify');
    const { script } = this.#options;
    return this.#stepped(kind, stepAt(script[kind], this.#count(kind)), '', () => this.#accept({ ...call, kind }));
  }

  #accept(call: Omit<AcceptedCall, 'atMs'>): void {
    const atMs = this.nowMs;
    if (call.kind === 'notify') this.#validator.notified(call.name, call.message, atMs);
    else this.#validator.resolved(call.name, atMs);
    if (this.accepted.length < maxKeptCalls) this.accepted.push({ ...call, atMs });
  }

  /** `carryOut` runs when the call is answered with 200. */
  #stepped(what: string, step: Step, body: string, carryOut: () => void = () => undefined): FakeAnswer {
    const isQuery = what.startsWith('query ');
    const isFault = !isQuery && this.#isFault(what);
    const status = isFault ? 500 : (step.status ?? 200);
    if (status === 500) this.faultCount += 1;
    const done = () => {
      if (status === 200) carryOut();
    };
    if (step.hang === 'after') done();
    const answer = { status, body: status === 200 ? (step.body ?? body) : '', delayMs: step.delayMs ?? 0 };
    return { ...answer, hangs: step.hang !== undefined, done: step.hang === undefined ? done : () => undefined };
  }

  #isFault(what: string): boolean {
    const { faults, random } = this.#options;
    return faults > 0 && seeded(random, 'fault', what, this.#count(`fault ${what}`)) < faults;
  }

  #count(what: string): number {
    const count = this.#counts.get(what) ?? 0;
    this.#counts.set(what, count + 1);
    return count;
  }
}

function stepAt(steps: readonly Step[], count: number): Step {
  return steps[count] ?? {};
}

function said(status: number, body: string): FakeAnswer {
  return { status, body, delayMs: 0, hangs: false, done: () => undefined };
}

function readCall(body: string, kind: string): { name: string; message: string } | undefined {
  try {
    const { alertName, message = '' } = JSON.parse(body) as { alertName?: unknown; message?: unknown };
    if (typeof alertName !== 'string' || typeof message !== 'string') return undefined;
    return kind === 'notify' && message === '' ? undefined : { name: alertName, message };
  } catch {
    return undefined;
  }
}
