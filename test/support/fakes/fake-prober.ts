import type { Endpoint } from '../../../src/domain/endpoint.js';
import type { Clock } from '../../../src/ports/system.js';
import { type CheckResult, gradeOf } from '../../../src/producers/endpoint-monitor/check-result.js';
import type { EndpointProber, RunningCheck } from '../../../src/producers/endpoint-monitor/prober.js';

/** How an endpoint answers the next check. Never: not before the limit. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly afterMs: number;
}

/** Answers by a script in virtual time; the last answer of an endpoint is for all later checks, 200 after 10 ms without a script. */
export class FakeProber implements EndpointProber {
  readonly starts: { readonly name: string; readonly atMonoMs: number; readonly limitMs: number }[] = [];
  atOnceCount = 0;
  mostAtOnceCount = 0;
  readonly #clock: Clock;
  readonly #script: Readonly<Record<string, readonly ScriptedAnswer[]>>;
  readonly #rules;

  constructor(
    clock: Clock,
    script: Readonly<Record<string, readonly ScriptedAnswer[]>> = {},
    rules = { thresholdMs: 500, isExclusive: false },
  ) {
    this.#clock = clock;
    this.#script = script;
    this.#rules = rules;
  }

  check(endpoint: Endpoint, limitMs: number, onResult: (result: CheckResult) => void): RunningCheck {
    const answers = this.#script[endpoint.name] ?? [];
    const round = this.starts.filter(({ name }) => name === endpoint.name).length;
    const { status, afterMs } = answers[Math.min(round, answers.length - 1)] ?? { status: 200, afterMs: 10 };
    this.starts.push({ name: endpoint.name, atMonoMs: this.#clock.monoMs(), limitMs });
    this.atOnceCount += 1;
    this.mostAtOnceCount = Math.max(this.mostAtOnceCount, this.atOnceCount);
    const cut = new AbortController();
    void this.#clock.sleep(Math.min(afterMs, limitMs), cut.signal).then(() => {
      this.atOnceCount -= 1;
      if (cut.signal.aborted) return;
      onResult(afterMs > limitMs ? timeout(endpoint, limitMs) : this.#result(endpoint, status, afterMs));
    });
    return { cut: () => cut.abort() };
  }

  close(): void {}

  #result(endpoint: Endpoint, status: number, latencyMs: number): CheckResult {
    const grade = gradeOf(status, latencyMs, this.#rules);
    const cause = grade === 'down' ? 'status' : undefined;
    return { endpoint, grade, latencyMs, status, cause, detail: undefined };
  }
}

function timeout(endpoint: Endpoint, limitMs: number): CheckResult {
  const detail = `no answer within ${limitMs / 1000} s`;
  return { endpoint, grade: 'down', latencyMs: limitMs, status: undefined, cause: 'timeout', detail };
}
