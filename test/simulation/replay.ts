import { faultText } from './faults.js';
import { type RunKind, runnerOf, type ShownFailure } from './many.js';
import type { Mutant } from './mutants/mutant.js';
import { type RunResult, runSchedule } from './run.js';

export type Planted = { readonly mutant?: Mutant };

/** One run again, with its trace; a schedule that fails is cut down to the faults that it needs. */
export async function replay(kind: RunKind, number: number, planted: Planted): Promise<RunResult> {
  const result = await (await runnerOf(kind))(number, { ...planted, isTraceKept: true });
  if (kind === 'points' || result.violations.length === 0) return result;
  const spared = new Set<number>();
  for (let index = result.faults.length - 1; index >= 0; index -= 1) {
    spared.add(index);
    const { violations } = await runSchedule(number, { ...planted, spared });
    if (violations.length === 0) spared.delete(index);
  }
  return await runSchedule(number, { ...planted, spared, isTraceKept: true });
}

/** A run in a few lines: its number, its faults, what was broken. */
export function reportLines({ number, hash, faults, violations, simulatedMs, happenedCount }: ShownFailure): string[] {
  return [
    `number ${number}: hash ${hash}, ${(simulatedMs / 1_000).toFixed(1)} s of life in ${happenedCount} steps`,
    ...faults.map((fault) => `  fault at ${faultText(fault)}`),
    ...violations.map((violation) => `  FAILED at ${violation}`),
  ];
}
