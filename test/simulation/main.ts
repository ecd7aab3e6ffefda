import { parseArgs } from 'node:util';
import { type Fault, faultText } from './faults.js';
import { allMutants } from './mutants/all-mutants.js';
import { faultsOf, type RunResult, runSchedule } from './run.js';

const usage = `usage: npm run simulate -- [--runs N] [--from NUMBER] [--number NUMBER] [--mutant NAME]

  --runs N         so many schedules, 1,000 unless said otherwise
  --from NUMBER    the first of them, 1 unless said otherwise
  --number NUMBER  one schedule with its trace; a failing one is shrunk to the faults that it needs
  --mutant NAME    with a fault planted into the engine; a part of its name is enough
`;

const say = (text: string) => process.stdout.write(`${text}\n`);
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    number: { type: 'string' },
    mutant: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const mutant =
  values.mutant === undefined ? undefined : allMutants.find(({ name }) => name.includes(values.mutant ?? ''));
const planted = mutant === undefined ? {} : { mutant };

function report(result: RunResult): void {
  const { number, hash, faults, violations, simulatedMs, happenedCount } = result;
  say(`number ${number}: hash ${hash}, ${(simulatedMs / 1_000).toFixed(1)} s of life in ${happenedCount} steps`);
  for (const fault of faults) say(`  fault at ${faultText(fault)}`);
  for (const violation of violations) say(`  FAILED at ${violation}`);
}

/** Drops one fault after the other for as long as the run still fails. */
async function shrunk(number: number): Promise<readonly Fault[]> {
  let faults = faultsOf(number);
  for (let index = faults.length - 1; index >= 0; index -= 1) {
    const fewer = faults.filter((_, each) => each !== index);
    const { violations } = await runSchedule(number, { ...planted, faults: fewer });
    if (violations.length > 0) faults = fewer;
  }
  return faults;
}

async function one(number: number): Promise<boolean> {
  let result = await runSchedule(number, { ...planted, isTraceKept: true });
  const isFailed = result.violations.length > 0;
  if (isFailed) result = await runSchedule(number, { ...planted, faults: await shrunk(number), isTraceKept: true });
  for (const line of result.trace) say(line);
  report(result);
  return isFailed;
}

async function many(first: number, count: number): Promise<boolean> {
  const startedAt = performance.now();
  const sums = { failed: 0, steps: 0, received: 0, repeats: 0, simulatedMs: 0 };
  for (let number = first; number < first + count; number += 1) {
    const result = await runSchedule(number, planted);
    sums.steps += result.happenedCount;
    sums.received += result.receivedCount;
    sums.repeats += result.repeatCount;
    sums.simulatedMs += result.simulatedMs;
    if (result.violations.length === 0) continue;
    sums.failed += 1;
    if (sums.failed <= 20) report(result);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const rate = `${(count / seconds).toFixed(1)} schedules/s, ${(sums.simulatedMs / 1_000 / seconds).toFixed(0)} times real time`;
  const counts = `${sums.steps} steps, ${sums.received} received, ${sums.repeats} of them repeats with a cause`;
  say(`${count} schedules from ${first}: ${sums.failed} failed; ${rate}; ${counts}`);
  return sums.failed > 0;
}

if (values.help || (values.mutant !== undefined && mutant === undefined)) {
  say(usage);
  say(`mutants:\n${allMutants.map(({ name }) => `  ${name}`).join('\n')}`);
  process.exitCode = values.help ? 0 : 2;
} else {
  const isFailed =
    values.number === undefined
      ? await many(Number(values.from), Number(values.runs))
      : await one(Number(values.number));
  process.exitCode = isFailed ? 1 : 0;
}
