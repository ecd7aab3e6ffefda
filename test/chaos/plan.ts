import { Chance } from '../simulation/chance.js';
import type { StrikeKind } from './history.js';

/** A fault that is going to be applied; `pick` in [0, 1) chooses among what is there at that moment. */
export interface PlannedStrike {
  readonly atMs: number;
  readonly kind: StrikeKind;
  readonly pick: number;
  readonly forMs: number;
}

type Kinds = readonly [StrikeKind, ...StrikeKind[]];

const zookeeper: Kinds = ['remove lock', 'cut zookeeper', 'silence zookeeper', 'freeze zookeeper', 'restart zookeeper'];
const servers: Kinds = [
  'cut kafka',
  'silence kafka',
  'freeze kafka',
  'restart kafka',
  'cut mysql',
  'silence mysql',
  'freeze mysql',
  'restart mysql',
];
const freezes: Kinds = ['freeze process', 'freeze main', 'freeze engine'];
const processes: Kinds = [
  'kill process',
  'kill process',
  'kill engine',
  'freeze process',
  'freeze main',
  'freeze engine',
  'terminate',
];

/** What a run can be about, with the time from one fault to the next unless the command line says otherwise. */
export const profiles = {
  kills: { kinds: ['kill process'], everyMs: 2_000 },
  freezes: { kinds: freezes, everyMs: 6_000 },
  zookeeper: { kinds: zookeeper, everyMs: 8_000 },
  leases: { kinds: [...freezes, ...zookeeper] as Kinds, everyMs: 5_000 },
  stops: { kinds: ['terminate'], everyMs: 2_500 },
  // Once, for as long as the load lasts.
  deaf: { kinds: ['hang receivers'], everyMs: 0 },
  servers: { kinds: servers, everyMs: 15_000 },
  all: { kinds: [...processes, ...zookeeper, ...servers] as Kinds, everyMs: 10_000 },
} as const satisfies Record<string, { readonly kinds: Kinds; readonly everyMs: number }>;
export type ProfileName = keyof typeof profiles;

/** The faults of a seed: each kind of the profile in turn, in an order that chance decides, so that none is left out. */
export function planned(
  profile: ProfileName,
  seed: number,
  totalMs: number,
  everyMs: number,
): readonly PlannedStrike[] {
  if (profile === 'deaf') return [{ kind: 'hang receivers', atMs: 0, pick: 0, forMs: totalMs }];
  const chance = new Chance(seed, 9);
  const { kinds } = profiles[profile];
  let left: StrikeKind[] = [];
  return Array.from({ length: Math.floor(totalMs / everyMs) }, (_, index) => {
    if (left.length === 0) left = [...kinds];
    const [kind = kinds[0]] = left.splice(Math.floor(chance.number() * left.length), 1);
    return {
      kind,
      atMs: (index + 0.5 + (chance.number() - 0.5) * 0.5) * everyMs,
      pick: chance.number(),
      forMs: chance.is(0.5) ? chance.between(500, 2_000) : chance.between(2_000, 8_000),
    };
  });
}
