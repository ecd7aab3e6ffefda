/**
 * Reporter for node:test that writes one JSON line per test: `{ name, verdict, reason }`, verdict being passed, failed or
 * skipped. Suites are not tests, unless one fails by itself (a hook that throws).
 */
import { inspect } from 'node:util';

function describe(type, { name, skip, todo, details }) {
  const isSuite = details?.type === 'suite';
  if (type === 'test:pass' && isSuite) return undefined;
  if (skip !== undefined && skip !== false)
    return { name, verdict: 'skipped', reason: typeof skip === 'string' ? skip : '' };
  if (todo !== undefined && todo !== false) return { name, verdict: 'skipped', reason: 'to do' };
  if (type === 'test:pass') return { name, verdict: 'passed' };
  const error = details?.error;
  if (isSuite && error?.failureType === 'subtestsFailed') return undefined;
  return { name, verdict: 'failed', reason: inspect(error?.cause ?? error, { depth: 5, breakLength: 120 }) };
}

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const line = describe(type, data);
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}
