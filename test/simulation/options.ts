import { parseArgs } from 'node:util';
import { allMutants } from './mutants/all-mutants.js';
import type { Planted } from './replay.js';

export const usage = `usage: npm run simulate -- [--runs N | --sweep | --days N] [--from NUMBER] [--number NUMBER] [--mutant NAME]

  --runs N         so many schedules, on all cores; 10,000 unless said otherwise
  --sweep          every call of one engine goes wrong once, in every way: it dies of it, it fails, its answer is lost
  --days N         so many days of retries and repeats instead, one after the other: about a minute each
  --from NUMBER    the first of them; 1 unless said otherwise, and 0 with --sweep
  --number NUMBER  one schedule, or one point of the sweep, with its trace; a failing one is shrunk to the faults that it needs
  --mutant NAME    with a fault planted into the engine; a part of its name is enough

mutants:
${allMutants.map(({ name }) => `  ${name}`).join('\n')}`;

/** What is to be simulated. */
export interface SimulationOptions {
  readonly isHelp: boolean;
  readonly isSweep: boolean;
  readonly runCount: number;
  readonly dayCount: number | undefined;
  readonly first: number;
  readonly number: number | undefined;
  readonly planted: Planted;
}

/** Reads the command line. @throws Error, for people, when it asks for something that does not exist. */
export function readOptions(words: readonly string[]): SimulationOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      runs: { type: 'string' },
      sweep: { type: 'boolean', default: false },
      days: { type: 'string' },
      from: { type: 'string' },
      number: { type: 'string' },
      mutant: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { runs, days, from, number, mutant: name, sweep: isSweep, help: isHelp } = values;
  const mutant = name === undefined ? undefined : allMutants.find((each) => each.name.includes(name));
  if (name !== undefined && mutant === undefined)
    throw new Error(`--mutant: none has ${JSON.stringify(name)} in its name`);
  return {
    isHelp,
    isSweep,
    runCount: whole('runs', runs, 1) ?? 10_000,
    dayCount: whole('days', days, 1),
    first: whole('from', from, 0) ?? (isSweep ? 0 : 1),
    number: whole('number', number, 0),
    planted: mutant === undefined ? {} : { mutant },
  };
}

function whole(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,12}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`--${option}: expected a whole number from ${least} on, got ${JSON.stringify(text)}`);
}
