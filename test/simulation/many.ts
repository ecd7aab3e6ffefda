import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { allMutants } from './mutants/all-mutants.js';
import { type RunOptions, type RunResult, runSchedule } from './run.js';
import { runPoint, sweepPoints } from './sweep.js';

/** What a number stands for: a schedule of faults, or one point of the sweep through all calls. */
export type RunKind = 'schedules' | 'points';

export interface Range {
  readonly kind: RunKind;
  readonly first: number;
  readonly count: number;
  /** From one number to the next; 1 unless said otherwise. */
  readonly step?: number;
  readonly mutantName?: string | undefined;
}

type Share = Required<Range>;
export type Sums = Record<'runs' | 'failed' | 'steps' | 'received' | 'repeats' | 'late' | 'simulatedMs', number>;
export type ShownFailure = Pick<
  RunResult,
  'number' | 'hash' | 'faults' | 'violations' | 'simulatedMs' | 'happenedCount'
>;
type Told = { readonly failure: ShownFailure } | { readonly sums: Sums };

/** How many runs a thread makes before it tells of them. */
const toldAfterCount = 20;

/** Makes many runs on all cores; failures are told as they come, and so are the sums up to then. */
export async function runMany(
  { kind, first, count, step = 1, mutantName }: Range,
  onFailure: (failure: ShownFailure) => void,
  onSums: (sums: Sums) => void = () => undefined,
): Promise<Sums> {
  const jobs = Math.min(availableParallelism(), count);
  const total = noSums();
  const hear = (told: Told) => {
    if ('failure' in told) return onFailure(told.failure);
    for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += told.sums[key];
    onSums(total);
  };
  await Promise.all(
    Array.from({ length: jobs }, (_, index) => {
      const own = Math.ceil((count - index) / jobs);
      return runShare({ kind, first: first + index * step, count: own, step: step * jobs, mutantName }, hear);
    }),
  );
  return total;
}

/** The run of one number, of either kind. */
export async function runnerOf(kind: RunKind): Promise<(number: number, options: RunOptions) => Promise<RunResult>> {
  if (kind === 'schedules') return runSchedule;
  const points = await sweepPoints();
  return (number, options) => runPoint(points, number, options);
}

function runShare(workerData: Share, hear: (told: Told) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData });
    worker.on('message', hear);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

function noSums(): Sums {
  return { runs: 0, failed: 0, steps: 0, received: 0, repeats: 0, late: 0, simulatedMs: 0 };
}

async function inThread({ kind, first, count, step, mutantName }: Share, tell: (told: Told) => void): Promise<void> {
  const mutant = allMutants.find(({ name }) => name === mutantName);
  const run = await runnerOf(kind);
  let sums = noSums();
  for (let index = 0; index < count; index += 1) {
    const result = await run(first + index * step, mutant === undefined ? {} : { mutant });
    const { number, hash, faults, violations, simulatedMs, happenedCount } = result;
    sums.runs += 1;
    sums.steps += happenedCount;
    sums.received += result.receivedCount;
    sums.repeats += result.repeatCount;
    sums.late += result.lateCount;
    sums.simulatedMs += simulatedMs;
    if (violations.length > 0) {
      sums.failed += 1;
      tell({ failure: { number, hash, faults, violations, simulatedMs, happenedCount } });
    }
    if (sums.runs < toldAfterCount) continue;
    tell({ sums });
    sums = noSums();
  }
  tell({ sums });
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  // Thousands of errors are part of the game, and nobody reads where they were made; a replay in the main thread says it.
  Error.stackTraceLimit = 0;
  await inThread(workerData as Share, (told) => port.postMessage(told));
}
