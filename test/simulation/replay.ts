import { type Fault, faultText } from './faults.js';
import { type RunKind, runnerOf, type ShownFailure } from './many.js';
import type { Mutant } from './mutants/mutant.js';
import { faultsOf, type RunResult, runSchedule } from './run.js';

export type Planted = { readonly mutant?: Mutant };

/** One run again, with its trace; a schedule that fails is cut down to the faults that it needs. */
export async function replay(kind: RunKind, number: number, planted: Planted): Promise<RunResult> {
  const result = await (await runnerOf(kind))(number, { ...planted, isTraceKept: true });
  if (kind === 'points' || result.violations.length === 0) return result;
  return await runSchedule(number, { ...planted, faults: await shrunk(number, planted), isTraceKept: true });
}

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

/** A run in a few lines: its number, its faults, what was broken. */
export function reportLines({ number, hash, faults, violations, simulatedMs, happenedCount }: ShownFailure): string[] {
  return [
    `number ${number}: hash ${hash}, ${(simulatedMs / 1_000).toFixed(1)} s of life in ${happenedCount} steps`,
    ...faults.map((fault) => `  fault at ${faultText(fault)}`),
    ...violations.map((violation) => `  FAILED at ${violation}`),
  ];
}
