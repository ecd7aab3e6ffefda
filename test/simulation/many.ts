import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
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
  /** Makes each run twice; both have to leave the same trace. */
  readonly isTwice?: boolean;
}

export type Sums = Record<'runs' | 'failed' | 'steps' | 'received' | 'repeats' | 'late' | 'simulatedMs', number>;
export type ShownFailure = Pick<
  RunResult,
  'number' | 'hash' | 'faults' | 'violations' | 'simulatedMs' | 'happenedCount'
>;
type Share = Required<Range>;
interface Told {
  readonly failures: readonly ShownFailure[];
  readonly sums: Sums;
}

/** What a thread is given at a time: little enough that all are busy to the end. */
const shareCount = 20;

/** A thousand times what a share takes: of one in which no virtual time passes nothing else would tell. */
const shareLimitMs = 600_000;

/** Threads without work: one that has run for a while is several times as fast as a new one. */
const idle: Worker[] = [];

/** Makes many runs on all cores; failures are told as they come, and so are the sums up to then. */
export async function runMany(
  { kind, first, count, step = 1, mutantName, isTwice = false }: Range,
  onFailure: (failure: ShownFailure) => void,
  onSums: (sums: Sums) => void = () => undefined,
): Promise<Sums> {
  const total = noSums();
  let given = 0;
  const work = async () => {
    const thread = idle.pop() ?? new Worker(new URL(import.meta.url));
    while (given < count) {
      const share = { kind, first: first + given * step, count: Math.min(shareCount, count - given), step };
      given += share.count;
      const { failures, sums } = await runShare(thread, { ...share, mutantName, isTwice });
      for (const failure of failures) onFailure(failure);
      for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += sums[key];
      onSums(total);
    }
    idle.push(thread);
  };
  // One that gets nothing to do would keep the process alive.
  const threadCount = Math.min(availableParallelism(), Math.ceil(count / shareCount));
  await Promise.all(Array.from({ length: threadCount }, work));
  return total;
}

let points: ReturnType<typeof sweepPoints> | undefined;

/** The run of one number, of either kind. */
export async function runnerOf(kind: RunKind): Promise<(number: number, options: RunOptions) => Promise<RunResult>> {
  if (kind === 'schedules') return runSchedule;
  points ??= sweepPoints();
  const all = await points;
  return (number, options) => runPoint(all, number, options);
}

/** Keeps the process alive for as long as the thread works. @throws Error naming the numbers when one of them does not end. */
async function runShare(thread: Worker, share: Share): Promise<Told> {
  thread.ref();
  thread.postMessage(share);
  const late = AbortSignal.timeout(shareLimitMs);
  const [told] = await once(thread, 'message', { signal: late }).catch(async (error) => {
    if (!late.aborted) throw error;
    await thread.terminate();
    const last = share.first + (share.count - 1) * share.step;
    throw new Error(
      `one of the numbers ${share.first} to ${last} does not end: something in it is tried without a pause`,
    );
  });
  thread.unref();
  return told as Told;
}

function noSums(): Sums {
  return { runs: 0, failed: 0, steps: 0, received: 0, repeats: 0, late: 0, simulatedMs: 0 };
}

async function inThread({ kind, first, count, step, mutantName, isTwice }: Share): Promise<Told> {
  const mutant = allMutants.find(({ name }) => name === mutantName);
  const planted = mutant === undefined ? {} : { mutant };
  const run = await runnerOf(kind);
  const failures: ShownFailure[] = [];
  const sums = noSums();
  for (let index = 0; index < count; index += 1) {
    const result = await run(first + index * step, planted);
    const { number, hash, faults, simulatedMs, happenedCount } = result;
    const second = isTwice ? (await run(number, planted)).hash : hash;
    const violations = second === hash ? result.violations : [...result.violations, `the second time: hash ${second}`];
    sums.runs += 1;
    sums.steps += happenedCount;
    sums.received += result.receivedCount;
    sums.repeats += result.repeatCount;
    sums.late += result.lateCount;
    sums.simulatedMs += simulatedMs;
    if (violations.length === 0) continue;
    sums.failed += 1;
    failures.push({ number, hash, faults, violations, simulatedMs, happenedCount });
  }
  return { failures, sums };
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  // Thousands of errors are part of the game, and nobody reads where they were made; a replay in the main thread says it.
  Error.stackTraceLimit = 0;
  port.on('message', (share: Share) => void inThread(share).then((told) => port.postMessage(told)));
}
