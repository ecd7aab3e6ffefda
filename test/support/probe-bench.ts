import { lookup } from 'node:dns';
import type { TestContext } from 'node:test';
import type { CheckResult } from '../../src/producers/endpoint-monitor/check-result.js';
import { HostLookups, type ResolveHost } from '../../src/producers/endpoint-monitor/host-lookups.js';
import { HttpProber, type ProberOptions } from '../../src/producers/endpoint-monitor/prober.js';
import { systemClock } from '../../src/runtime/clock.js';
import { type EndpointGiven, endpointOf } from './endpoints.js';

export interface ProbeBench {
  readonly prober: HttpProber;
  check(given: EndpointGiven, limitMs?: number): Promise<CheckResult>;
}

/** The real prober, closed after the test. `resolve` stands in for the system's names. */
export function probeBench(
  test: TestContext,
  options: Partial<ProberOptions> & { readonly resolve?: ResolveHost } = {},
): ProbeBench {
  const resolve: ResolveHost = options.resolve ?? ((host, answer) => lookup(host, { all: true }, answer));
  const prober = new HttpProber({
    rules: { thresholdMs: 500, isExclusive: false },
    ...{ followsRedirects: true, reusesConnections: true, idleMs: 30_000, clock: systemClock },
    lookups: new HostLookups(resolve, systemClock, 4),
    ...options,
  });
  test.after(() => prober.close());
  return {
    prober,
    check: (given, limitMs = 5_000) =>
      new Promise((resolve) => {
        prober.check(endpointOf(given), limitMs, resolve);
      }),
  };
}
