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
    was: 'the world, not the engine: a lock of which its holder heard only when its session had been expired was remembered for ever, and taken for a second holder',
  },
  { number: 6_436, was: 'the same' },
  {
    number: 55_788_959,
    was: 'the checker, not the engine: what an open breaker put off, unsent and recorded, was taken for overtaken by the next transition',
  },
  { number: 543_510_388, was: 'the same, where the record of the put-off was still on its way to Kafka' },
  {
    number: 1_000_047_935,
    was: 'a place in the line for a partition, given up while the connection to ZooKeeper broke, stayed as long as the session: everybody waited behind it, and the partition stood still',
  },
  {
    number: 2_000_029_479,
    was: 'a clock that was set forward and back again left a sender with a lease that was valid and ended at one time: it tried to send without a pause, and heard nothing any more',
  },
  {
    number: 4_000_053_554,
    was: 'a commit that was under way when a term ended was told while the next term loaded its position, and the older answer was kept: reading waited for a commit that had been made',
  },
  {
    number: 6_000_091_562,
    was: 'a lock that vanished ended the term; of the partitions still held one was handed over while a frozen sender had its alarms of that term in hand, and sent them when it woke',
  },
  {
    number: 7_000_081_311,
    was: 'the checker, not the engine: what a worker was sending when it died still counted as under way when another one had put it off',
  },
];
