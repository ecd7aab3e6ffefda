import { parseArgs } from 'node:util';
import { type Fault, faultText } from './faults.js';
import { runMany, type ShownFailure } from './many.js';
import { allMutants } from './mutants/all-mutants.js';
import { faultsOf, runDay, runSchedule } from './run.js';

const usage = `usage: npm run simulate -- [--runs N | --days N] [--from NUMBER] [--number NUMBER] [--mutant NAME]

  --runs N         so many schedules, on all cores; 10,000 unless said otherwise
  --days N         so many days of retries and repeats instead, one after the other: about a minute each
  --from NUMBER    the first of them, 1 unless said otherwise
  --number NUMBER  one schedule with its trace; a failing one is shrunk to the faults that it needs
  --mutant NAME    with a fault planted into the engine; a part of its name is enough

mutants:
${allMutants.map(({ name }) => `  ${name}`).join('\n')}`;

const mostShownFailures = 20;
const say = (text: string) => process.stdout.write(`${text}\n`);

function report({ number, hash, faults, violations, simulatedMs, happenedCount }: ShownFailure): void {
  say(`number ${number}: hash ${hash}, ${(simulatedMs / 1_000).toFixed(1)} s of life in ${happenedCount} steps`);
  for (const fault of faults) say(`  fault at ${faultText(fault)}`);
  for (const violation of violations) say(`  FAILED at ${violation}`);
}

type Planted = { readonly mutant?: (typeof allMutants)[number] };

/** Drops one fault after the other for as long as the run still fails. */
async function shrunk(number: number, planted: Planted): Promise<readonly Fault[]> {
  let faults = faultsOf(number);
  for (let index = faults.length - 1; index >= 0; index -= 1) {
    const fewer = faults.filter((_, each) => each !== index);
    const { violations } = await runSchedule(number, { ...planted, faults: fewer });
    if (violations.length > 0) faults = fewer;
  }
  return faults;
}

async function one(number: number, planted: Planted): Promise<boolean> {
  let result = await runSchedule(number, { ...planted, isTraceKept: true });
  const isFailed = result.violations.length > 0;
  if (isFailed) {
    const faults = await shrunk(number, planted);
    result = await runSchedule(number, { ...planted, faults, isTraceKept: true });
  }
  for (const line of result.trace) say(line);
  report(result);
  return isFailed;
}

async function many(first: number, count: number, { mutant }: Planted): Promise<boolean> {
  const startedAt = performance.now();
  let shownCount = 0;
  const sums = await runMany({ first, count, mutantName: mutant?.name }, (failure) => {
    shownCount += 1;
    if (shownCount <= mostShownFailures) report(failure);
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const times = sums.simulatedMs / 1_000 / seconds;
  say(`${sums.schedules} schedules from ${first}: ${sums.failed} failed`);
  say(`${(count / seconds).toFixed(1)} schedules/s, ${times.toFixed(0)} times real time, ${sums.steps} steps`);
  say(`${sums.received} notifications received, ${sums.repeats} of them repeats with a cause`);
  say(`${sums.late} sends whose worker was frozen between the look at the lease and the first byte`);
  return sums.failed > 0;
}

async function days(first: number, count: number): Promise<boolean> {
  let isFailed = false;
  for (let number = first; number < first + count; number += 1) {
    const day = await runDay(number, { hours: 24 });
    if (day.violations.length > 0) report(day);
    say(
      `day ${number}: ${day.faults.length} faults, ${day.retryCount} retries, ${day.periodicCount} repeats, ${day.latePeriodicCount} of them late by a second or more`,
    );
    isFailed ||= day.violations.length > 0;
  }
  return isFailed;
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    days: { type: 'string' },
    from: { type: 'string', default: '1' },
    number: { type: 'string' },
    mutant: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const wanted = values.mutant;
const mutant = wanted === undefined ? undefined : allMutants.find(({ name }) => name.includes(wanted));
if (values.help || (wanted !== undefined && mutant === undefined)) {
  say(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  const planted = mutant === undefined ? {} : { mutant };
  const isFailed =
    values.days !== undefined
      ? await days(Number(values.from), Number(values.days))
      : values.number === undefined
        ? await many(Number(values.from), Number(values.runs), planted)
        : await one(Number(values.number), planted);
  process.exitCode = isFailed ? 1 : 0;
}
