import { type Fault, isOrderly, plannedFaults, strike } from './faults.js';
import type { Mutant } from './mutants/mutant.js';
import { settingsOf, World } from './world.js';

const troubleMs = 12_000;
/** What has not converged so long after the last fault is stuck. */
const patienceMs = 90_000;
const lookMs = 250;

export interface RunOptions {
  readonly faults?: readonly Fault[];
  readonly mutant?: Mutant;
  readonly isTraceKept?: boolean;
}

export interface RunResult {
  readonly number: number;
  readonly hash: string;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly faults: readonly Fault[];
  readonly simulatedMs: number;
  readonly happenedCount: number;
  readonly receivedCount: number;
  readonly repeatCount: number;
  readonly lateCount: number;
}

export function faultsOf(number: number): readonly Fault[] {
  return plannedFaults(number, troubleMs);
}

/** Runs the schedule of one number from the first start to the last commit. Everything that it does follows from the number. */
export async function runSchedule(number: number, options: RunOptions = {}): Promise<RunResult> {
  const world = new World(number, settingsOf(number), options.isTraceKept ?? false);
  const { scheduler, checker } = world;
  const faults = options.faults ?? faultsOf(number);
  const lastMs = Math.max(troubleMs, ...faults.map(({ atMs, forMs }) => atMs + forMs));
  const unplant = options.mutant?.plant({ nowMs: () => scheduler.nowMs });
  const surprised = (error: unknown) =>
    checker.fail(`unhandled: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', surprised);
  let isOver = false;
  const look = () => {
    isOver = checker.violations.length > 0 || (scheduler.nowMs > lastMs && checker.leftOver().length === 0);
    if (!isOver) scheduler.after(lookMs, look);
  };
  try {
    world.produce(troubleMs);
    for (const fault of faults) scheduler.after(fault.atMs, () => strike(world, fault));
    scheduler.after(lookMs, look);
    await scheduler.drive(() => isOver, lastMs + patienceMs);
  } finally {
    process.off('unhandledRejection', surprised);
    unplant?.();
  }
  if (checker.violations.length === 0) for (const left of checker.leftOver().slice(0, 5)) checker.fail(left);
  const { receivedCount, repeatCount, lateCount } = checker.repeats;
  if (isOrderly(number) && repeatCount > 0)
    checker.fail(`${repeatCount} repeats although nothing but clean stops happened`);
  return {
    number,
    hash: world.traced.hash,
    violations: checker.violations,
    trace: world.traced.lines,
    faults,
    simulatedMs: scheduler.nowMs,
    happenedCount: scheduler.happenedCount,
    receivedCount,
    repeatCount,
    lateCount,
  };
}
