import { parseArgs } from 'node:util';
import { faultText } from './faults.js';
import { type RunResult, runSchedule } from './run.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    number: { type: 'string' },
    from: { type: 'string' },
    mutant: { type: 'string' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

function report(result: RunResult): void {
  say(
    `number ${result.number}: hash ${result.hash}, ${(result.simulatedMs / 1000).toFixed(1)} s simulated, ${result.happenedCount} steps`,
  );
  for (const fault of result.faults) say(`  fault ${faultText(fault)}`);
  for (const violation of result.violations) say(`  FAILED ${violation}`);
}

const first = Number(values.number ?? values.from ?? 1);
const count = Number(values.number === undefined ? (values.runs ?? 100) : 1);
const startedAt = Date.now();
let failed = 0;
const sums = { steps: 0, received: 0, repeats: 0, simulatedMs: 0 };
for (let number = first; number < first + count; number += 1) {
  const result = await runSchedule(number, { isTraceKept: values.number !== undefined });
  sums.steps += result.happenedCount;
  sums.received += result.receivedCount;
  sums.repeats += result.repeatCount;
  sums.simulatedMs += result.simulatedMs;
  if (values.number !== undefined) for (const line of result.trace) say(line);
  if (result.violations.length > 0) failed += 1;
  if (result.violations.length > 0 || values.number !== undefined) report(result);
}
const seconds = (Date.now() - startedAt) / 1000;
say(`${count} runs, ${failed} failed, ${(count / seconds).toFixed(1)} runs/s; ${JSON.stringify(sums)}`);
process.exitCode = failed > 0 ? 1 : 0;
