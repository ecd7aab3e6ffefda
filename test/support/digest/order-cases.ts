/** The n-th second of one minute. */
export const t = (n: number) => `2021-06-07T20:40:1${n}.598765212Z`;
export const [t1, t2, t3, t4] = [t(1), t(2), t(3), t(4)];

export type Step = readonly [alarm: string, status: string, at: string] | 'send';

/** One row of the order rules. */
export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** One list per digest, each entry as `alarm status time`. */
  readonly digests: readonly (readonly string[])[];
}

export const orderCases: readonly Case[] = [
  { name: 'B-1: changes without a command send nothing', steps: [['a', 'CRITICAL', t1]], digests: [] },
  { name: 'B-2: a command alone sends nothing', steps: ['send'], digests: [] },
  { name: 'B-3: one alarm', steps: [['a', 'CRITICAL', t1], 'send'], digests: [[`a CRITICAL ${t1}`]] },
  {
    name: 'B-4: the later status counts',
    steps: [['a', 'CRITICAL', t1], ['a', 'WARNING', t2], 'send'],
    digests: [[`a WARNING ${t2}`]],
  },
  {
    name: 'B-5: a late message is dropped',
    steps: [['a', 'CRITICAL', t2], ['a', 'WARNING', t1], 'send'],
    digests: [[`a CRITICAL ${t2}`]],
  },
  {
    name: 'B-6: a repeated status moves the time',
    steps: [['a', 'CRITICAL', t1], ['a', 'CRITICAL', t2], 'send'],
    digests: [[`a CRITICAL ${t2}`]],
  },
  {
    name: 'B-7: critical again after cleared',
    steps: [['a', 'CRITICAL', t1], ['a', 'CLEARED', t2], ['a', 'CRITICAL', t3], 'send'],
    digests: [[`a CRITICAL ${t3}`]],
  },
  {
    name: 'B-8: a second command without a change sends nothing',
    steps: [['a', 'CRITICAL', t1], 'send', 'send'],
    digests: [[`a CRITICAL ${t1}`]],
  },
  {
    name: 'B-9: a redelivered status is no change',
    steps: [['a', 'CRITICAL', t1], 'send', ['a', 'CRITICAL', t1], 'send'],
    digests: [[`a CRITICAL ${t1}`]],
  },
  {
    name: 'B-10: the same status again is no change',
    steps: [['a', 'CRITICAL', t1], 'send', ['a', 'CRITICAL', t2], 'send'],
    digests: [[`a CRITICAL ${t1}`]],
  },
  {
    name: 'B-11: a late other status is no change',
    steps: [['a', 'CRITICAL', t1], 'send', ['a', 'CRITICAL', t3], ['a', 'WARNING', t2], 'send'],
    digests: [[`a CRITICAL ${t1}`]],
  },
  {
    name: 'B-12: cleared after a digest sends nothing',
    steps: [['a', 'CRITICAL', t1], 'send', ['a', 'CLEARED', t2], 'send'],
    digests: [[`a CRITICAL ${t1}`]],
  },
  {
    name: 'B-13: cleared before the digest',
    steps: [['a', 'CRITICAL', t1], ['a', 'CLEARED', t2], 'send'],
    digests: [],
  },
  { name: 'B-14: late behind a clear', steps: [['a', 'CLEARED', t2], ['a', 'CRITICAL', t1], 'send'], digests: [] },
  {
    name: 'B-15: late behind a second clear',
    steps: [['a', 'CLEARED', t1], ['a', 'CLEARED', t3], ['a', 'CRITICAL', t2], 'send'],
    digests: [],
  },
  {
    name: 'B-16: oldest first',
    steps: [['a1', 'WARNING', t2], ['a2', 'CRITICAL', t1], 'send'],
    digests: [[`a2 CRITICAL ${t1}`, `a1 WARNING ${t2}`]],
  },
  {
    name: 'B-17: two alarms, two digests',
    steps: [
      ...([
        ['a1', 'WARNING', t1],
        ['a1', 'CLEARED', t2],
        ['a1', 'CRITICAL', t4],
        ['a1', 'WARNING', t3],
      ] as const),
      ...([['a2', 'CRITICAL', t2], 'send', ['a2', 'WARNING', t3], 'send'] as const),
    ],
    digests: [[`a2 CRITICAL ${t2}`, `a1 CRITICAL ${t4}`], [`a2 WARNING ${t3}`]],
  },
  {
    name: 'B-18: a change older than the last digest comes in the next one',
    steps: [['a', 'WARNING', t1], 'send', ['a', 'CRITICAL', t2], 'send'],
    digests: [[`a WARNING ${t1}`], [`a CRITICAL ${t2}`]],
  },
  {
    name: 'B-19: alarms of one millisecond are sorted by nanoseconds',
    steps: [
      ['a', 'CRITICAL', '2021-06-07T20:40:15.598765312Z'],
      ['b', 'CRITICAL', '2021-06-07T20:40:15.598765212Z'],
      'send',
    ],
    digests: [['b CRITICAL 2021-06-07T20:40:15.598765212Z', 'a CRITICAL 2021-06-07T20:40:15.598765312Z']],
  },
  {
    name: 'B-20: offsets are compared as instants and kept as written',
    steps: [['a', 'CRITICAL', '2021-08-17T13:00:00Z'], ['b', 'CRITICAL', '2021-08-17T15:33:59+03:00'], 'send'],
    digests: [['b CRITICAL 2021-08-17T15:33:59+03:00', 'a CRITICAL 2021-08-17T13:00:00Z']],
  },
  {
    name: 'a status that came back between two digests is sent again',
    steps: [['a', 'WARNING', t1], 'send', ['a', 'CRITICAL', t2], ['a', 'WARNING', t3], 'send'],
    digests: [[`a WARNING ${t1}`], [`a WARNING ${t3}`]],
  },
  {
    name: 'critical and cleared at one time: critical',
    steps: [['a', 'CRITICAL', t1], ['a', 'CLEARED', t1], ['b', 'CLEARED', t1], ['b', 'CRITICAL', t1], 'send'],
    digests: [[`a CRITICAL ${t1}`, `b CRITICAL ${t1}`]],
  },
];
