/**
 * How much the gate runs: what takes a minute on two very busy cores, or, when `SIMULATION` is `whole` as in `npm test`, what takes some
 * minutes on two that are idle.
 *
 * `SIMULATION_FRESH` is a number made of the commit: from there on come schedules that no commit before has run, and by it the points of
 * the sweep are chosen. The same commit runs the same ones again.
 */
const isWhole = process.env.SIMULATION === 'whole';
const fresh = Number(process.env.SIMULATION_FRESH ?? '0');

export const gate = {
  schedules: { first: 1, count: isWhole ? 8_000 : 200 },
  freshSchedules: { first: 1_000_000 + (fresh % 1_000_000_000), count: isWhole ? 2_000 : 0 },
  /** Runs that are made twice. */
  sameCount: isWhole ? 300 : 30,
  pointCount: isWhole ? 250 : 50,
  fresh,
} as const;
