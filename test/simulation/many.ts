import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { allMutants } from './mutants/all-mutants.js';
import { type RunResult, runSchedule } from './run.js';

/** Schedules by number: `first`, `first + step`, and so on, below `end`. */
interface Share {
  readonly first: number;
  readonly end: number;
  readonly step: number;
  readonly mutantName: string | undefined;
}

export type Sums = Record<'schedules' | 'failed' | 'steps' | 'received' | 'repeats' | 'late' | 'simulatedMs', number>;
export type ShownFailure = Pick<
  RunResult,
  'number' | 'hash' | 'faults' | 'violations' | 'simulatedMs' | 'happenedCount'
>;
type Told = { readonly failure: ShownFailure } | { readonly sums: Sums };

/** Runs many schedules on all cores; failures are told as they come. */
export async function runMany(
  range: { readonly first: number; readonly count: number; readonly mutantName: string | undefined },
  onFailure: (failure: ShownFailure) => void,
): Promise<Sums> {
  const jobs = Math.min(availableParallelism(), range.count);
  const total = noSums();
  await Promise.all(
    Array.from({ length: jobs }, (_, index) => {
      const share: Share = {
        first: range.first + index,
        end: range.first + range.count,
        step: jobs,
        mutantName: range.mutantName,
      };
      return new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: share });
        worker.on('message', (told: Told) => {
          if ('failure' in told) onFailure(told.failure);
          else for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += told.sums[key];
        });
        worker.on('error', reject);
        worker.on('exit', () => resolve());
      });
    }),
  );
  return total;
}

function noSums(): Sums {
  return { schedules: 0, failed: 0, steps: 0, received: 0, repeats: 0, late: 0, simulatedMs: 0 };
}

async function runShare({ first, end, step, mutantName }: Share, tell: (told: Told) => void): Promise<void> {
  const mutant = allMutants.find(({ name }) => name === mutantName);
  const sums = noSums();
  for (let number = first; number < end; number += step) {
    const result = await runSchedule(number, mutant === undefined ? {} : { mutant });
    const { hash, faults, violations, simulatedMs, happenedCount } = result;
    sums.schedules += 1;
    sums.steps += happenedCount;
    sums.received += result.receivedCount;
    sums.repeats += result.repeatCount;
    sums.late += result.lateCount;
    sums.simulatedMs += simulatedMs;
    if (violations.length === 0) continue;
    sums.failed += 1;
    tell({ failure: { number, hash, faults, violations, simulatedMs, happenedCount } });
  }
  tell({ sums });
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  await runShare(workerData as Share, (told) => port.postMessage(told));
}
