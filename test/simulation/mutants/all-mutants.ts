import { commitMutants } from './commit-mutants.js';
import { flowMutants } from './flow-mutants.js';
import { leaseMutants } from './lease-mutants.js';
import type { Mutant } from './mutant.js';
import { shareMutants } from './share-mutants.js';

/** Faults that engines have had or could have; each must be seen. */
export const allMutants: readonly Mutant[] = [...commitMutants, ...leaseMutants, ...flowMutants, ...shareMutants];
