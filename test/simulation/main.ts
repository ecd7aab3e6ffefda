import { type RunKind, runMany, type Sums } from './many.js';
import { readOptions, type SimulationOptions, usage } from './options.js';
import { type Planted, replay, reportLines } from './replay.js';
import { runDay } from './run.js';
import { sweepPoints } from './sweep.js';

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

/** True when something failed. */
async function run({ isSweep, runCount, dayCount, first, number, planted }: SimulationOptions): Promise<boolean> {
  const kind = isSweep ? 'points' : 'schedules';
  if (number !== undefined) return one(kind, number, planted);
  if (dayCount !== undefined) return days(first, dayCount);
  return many(kind, first, isSweep ? (await sweepPoints()).length - first : runCount, planted);
}

function readOrReport(): SimulationOptions | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`);
    return undefined;
  }
}

const options = readOrReport();
if (options === undefined) process.exitCode = 2;
else if (options.isHelp) say(usage);
else process.exitCode = (await run(options)) ? 1 : 0;
