import type { FakeAlerts } from './fake-alerts.js';
import type { Verdict } from './validator.js';

/** A report in words: what was wrong, then one line of totals. */
export function verdictLines(fake: FakeAlerts, { failures, servedCount, acceptedCount }: Verdict): readonly string[] {
  const seen = `${servedCount} values served, ${acceptedCount} calls accepted, ${fake.faultCount} of ${fake.callCount} calls failed on purpose`;
  return [...failures.map((failure) => `FAILURE ${failure}`), `${failures.length} failures: ${seen}`];
}
