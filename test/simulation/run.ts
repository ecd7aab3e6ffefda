import { type Fault, isOrderly, plannedDayFaults, plannedFaults, strike } from './faults.js';
import { useLightSignals } from './light-signals.js';
import type { Mutant } from './mutants/mutant.js';
import { daySettingsOf, settingsOf, World } from './world.js';

useLightSignals();

const troubleMs = 12_000;
/** What has not converged so long after the last fault is stuck. */
const patienceMs = 90_000;
const lookMs = 250;
/** The last retries wait for as long as all pauses between attempts together. */
const dayPatienceMs = 2_400_000;

export interface DayOptions {
  readonly hours: number;
  readonly mutant?: Mutant;
  readonly isTraceKept?: boolean;
}

export interface DayResult extends RunResult {
  /** Attempts after the first, and tellings after the first, that set out to a receiver. */
  readonly retryCount: number;
  readonly periodicCount: number;
  /** Repeats that came more than a second after their time. */
  readonly latePeriodicCount: number;
}

export interface RunOptions {
  /** Planned faults, by their place in the plan, that do not strike; everything else stays as it was. */
  readonly spared?: ReadonlySet<number>;
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

/** Alarms that come and go for hours, with their retries and repeats, while now and then something goes wrong. */
export async function runDay(number: number, { hours, mutant, isTraceKept = false }: DayOptions): Promise<DayResult> {
  const world = new World(number, daySettingsOf(number), isTraceKept);
  const { day } = world;
  if (day === undefined) throw new RangeError('no day without its checker');
  const untilMs = hours * 3_600_000;
  const faults = plannedDayFaults(number, untilMs);
  world.produceDay(untilMs);
  const planted = mutant === undefined ? {} : { mutant };
  const leftOver = () => [...world.checker.leftOver(), ...day.leftOver()];
  const result = await runWorld(
    world,
    number,
    { faults, ...planted },
    { lastMs: untilMs, patienceMs: dayPatienceMs, leftOver },
  );
  return {
    ...result,
    retryCount: day.retryCount,
    periodicCount: day.repeatCount,
    latePeriodicCount: day.lateCount,
  };
}

/** Runs the schedule of one number from the first start to the last commit. Everything that it does follows from the number. */
export async function runSchedule(number: number, options: RunOptions = {}): Promise<RunResult> {
  const world = new World(number, settingsOf(number), options.isTraceKept ?? false);
  const faults = plannedFaults(number, troubleMs);
  const lastMs = Math.max(world.produce(troubleMs), ...faults.map(({ atMs, forMs }) => atMs + forMs));
  const leftOver = () => world.checker.leftOver();
  const result = await runWorld(world, number, { ...options, faults }, { lastMs, patienceMs, leftOver });
  if (isOrderly(number) && result.repeatCount > 0)
    world.checker.fail(`${result.repeatCount} repeats although nothing but clean stops happened`);
  return result;
}

interface Ending {
  /** From here on nothing new goes wrong, and so long after it everything has to be done. */
  readonly lastMs: number;
  readonly patienceMs: number;
  leftOver(): readonly string[];
}

/** Lets a world run until everything in it is done, or a promise is broken, or it is stuck. */
export async function runWorld(
  world: World,
  number: number,
  options: RunOptions & { readonly faults: readonly Fault[] },
  { lastMs, patienceMs, leftOver }: Ending,
): Promise<RunResult> {
  const { scheduler, checker } = world;
  const { faults, spared } = options;
  const unplant = options.mutant?.plant({ nowMs: () => scheduler.nowMs });
  const surprised = (error: unknown) =>
    checker.fail(`unhandled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.on('unhandledRejection', surprised);
  let isOver = false;
  const look = () => {
    isOver = checker.violations.length > 0 || (scheduler.nowMs > lastMs && leftOver().length === 0);
    if (!isOver) scheduler.after(lookMs, look);
  };
  try {
    for (const [index, fault] of faults.entries())
      scheduler.after(fault.atMs, () => {
        if (!spared?.has(index)) strike(world, fault);
      });
    scheduler.after(lookMs, look);
    await scheduler.drive(() => isOver, lastMs + patienceMs);
  } catch (error) {
    surprised(error);
  } finally {
    process.off('unhandledRejection', surprised);
    unplant?.();
  }
  if (checker.violations.length === 0) for (const left of leftOver().slice(0, 5)) checker.fail(left);
  const { receivedCount, repeatCount, lateCount } = checker.repeats;
  return {
    number,
    hash: world.traced.hash,
    violations: checker.violations,
    trace: world.traced.lines,
    faults: faults.filter((_, index) => !spared?.has(index)),
    simulatedMs: scheduler.nowMs,
    happenedCount: scheduler.happenedCount,
    receivedCount,
    repeatCount,
    lateCount,
  };
}
