/**
 * Schedules that failed once, with what was found. Each stays in the gate.
 *
 * A number stands for its schedule only as long as nothing in the simulated world draws chance otherwise; it is one more schedule then, and
 * the test that came with the repair is what guards it.
 */
export const regressions: readonly { readonly number: number; readonly was: string }[] = [
  {
    number: 6_125,
    was: 'the world, not the engine: a worker that was frozen outlived its main by 430 ms and sent under a lease that still held; the world had forgotten under which lock, and took it for a second holder',
  },
  {
    number: 1_724,
    was: 'the world again: a session ended while the answer that made its engine a holder was on its way; the world kept that lock as taken for ever, and took the next holder for a second one',
  },
];
