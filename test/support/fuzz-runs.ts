/** How many inputs a fuzz test tries: few in each run of the suite, FUZZ_RUNS when somebody asks for more. The seed is fixed. */
export function fuzzRuns(usualCount: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Number(process.env.FUZZ_RUNS ?? usualCount), seed: 20260301 };
}
