import { parseArgs } from 'node:util';
import { type RunKind, runMany, type Sums } from './many.js';
import { allMutants } from './mutants/all-mutants.js';
import { type Planted, replay, reportLines } from './replay.js';
import { runDay } from './run.js';
import { sweepPoints } from './sweep.js';

const usage = `usage: npm run simulate -- [--runs N | --sweep | --days N] [--from NUMBER] [--number NUMBER] [--mutant NAME]

  --runs N         so many schedules, on all cores; 10,000 unless said otherwise
  --sweep          every call of one engine goes wrong once, in every way: it dies of it, it fails, its answer is lost
  --days N         so many days of retries and repeats instead, one after the other: about a minute each
  --from NUMBER    the first of them; 1 unless said otherwise, and 0 with --sweep
  --number NUMBER  one schedule, or one point of the sweep, with its trace; a failing one is shrunk to the faults that it needs
  --mutant NAME    with a fault planted into the engine; a part of its name is enough

mutants:
${allMutants.map(({ name }) => `  ${name}`).join('\n')}`;

const mostShownFailures = 20;
const progressEveryMs = 10_000;
const say = (text: string) => process.stdout.write(`${text}\n`);

async function one(kind: RunKind, number: number, planted: Planted): Promise<boolean> {
  const result = await replay(kind, number, planted);
  for (const line of [...result.trace, ...reportLines(result)]) say(line);
  return result.violations.length > 0;
}

/** Says how far it is, every ten seconds. */
function progressOf(count: number): (sums: Sums) => void {
  const startedAt = performance.now();
  let saidAt = startedAt;
  return ({ runs, failed }) => {
    const now = performance.now();
    if (now - saidAt < progressEveryMs) return;
    saidAt = now;
    const perSecond = (runs * 1_000) / (now - startedAt);
    const left = (count - runs) / perSecond;
    const leftText = left < 120 ? `${left.toFixed(0)} s` : `${(left / 60).toFixed(0)} min`;
    say(`${runs} of ${count}, ${failed} failed, ${perSecond.toFixed(1)} a second, ${leftText} left`);
  };
}

async function many(kind: RunKind, first: number, count: number, planted: Planted): Promise<boolean> {
  const startedAt = performance.now();
  const failed: number[] = [];
  const sums = await runMany(
    { kind, first, count, mutantName: planted.mutant?.name },
    (failure) => {
      failed.push(failure.number);
      say(`number ${failure.number} FAILED at ${failure.violations[0]}`);
    },
    progressOf(count),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  const times = sums.simulatedMs / 1_000 / seconds;
  for (const number of failed.slice(0, mostShownFailures))
    for (const line of reportLines(await replay(kind, number, planted))) say(line);
  say(`${sums.runs} ${kind} from ${first}: ${sums.failed} failed`);
  say(`${(sums.runs / seconds).toFixed(1)} ${kind}/s, ${times.toFixed(0)} times real time, ${sums.steps} steps`);
  say(`${sums.received} notifications received, ${sums.repeats} of them repeats with a cause`);
  say(`${sums.late} sends whose worker was frozen between the look at the lease and the first byte`);
  return sums.failed > 0;
}

async function days(first: number, count: number): Promise<boolean> {
  let isFailed = false;
  for (let number = first; number < first + count; number += 1) {
    const day = await runDay(number, { hours: 24 });
    if (day.violations.length > 0) for (const line of reportLines(day)) say(line);
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
    sweep: { type: 'boolean', default: false },
    days: { type: 'string' },
    from: { type: 'string' },
    number: { type: 'string' },
    mutant: { type: 'string' },
    help: { type: 'boolean' },
  },
});

/** True when something failed. */
async function run(planted: Planted): Promise<boolean> {
  const kind = values.sweep ? 'points' : 'schedules';
  const first = Number(values.from ?? (values.sweep ? 0 : 1));
  if (values.number !== undefined) return one(kind, Number(values.number), planted);
  if (values.days !== undefined) return days(first, Number(values.days));
  const count = values.sweep ? (await sweepPoints()).length - first : Number(values.runs);
  return many(kind, first, count, planted);
}

const wanted = values.mutant;
const mutant = wanted === undefined ? undefined : allMutants.find(({ name }) => name.includes(wanted));
if (values.help || (wanted !== undefined && mutant === undefined)) {
  say(usage);
  process.exitCode = values.help ? 0 : 2;
} else process.exitCode = (await run(mutant === undefined ? {} : { mutant })) ? 1 : 0;
