import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Chance } from './chance.js';
import type { Fault, FaultKind } from './faults.js';
import { runWorld } from './run.js';
import { settingsOf, World } from './world.js';

const troubleMs = 12_000;
const patienceMs = 90_000;
const scheduleCount = 4;
const hourMs = 3_600_000;

/** Every kind of fault by itself, and the rows of deploy/FAULTS.md that it stands for. */
const kinds: Readonly<Record<FaultKind, string>> = {
  'kill worker': '(P1) (P2) (P3) (P4)',
  'kill main': '(P8)',
  'kill host': '(Z9)',
  'freeze worker': '(P5)',
  'freeze main': '(P9) (P10)',
  'freeze host': '(P11)',
  'zookeeper hangs': '(Z1) (Z2)',
  'zookeeper silent': '(Z4) (N2)',
  'zookeeper deaf': '(Z4) (N2)',
  'zookeeper mute': '(Z4) (N2)',
  'zookeeper slow': '(Z8)',
  'zookeeper cut': '(Z5) (Z6)',
  'zookeeper expires': '(Z3)',
  'zookeeper loses the lock': '(Z7)',
  'zookeeper fades': '(Z4)',
  'clock jump': '(T1)',
  'mysql away': '(M1) (N2)',
  'kafka away': '(K1) (N2)',
  receiver: '(H1) (N2)',
  'links slow': '(P14)',
  terminate: '(P12)',
  retention: '(K8)',
};

/** Up to eight faults of one kind within twelve seconds, on two engines or three. */
async function withOnly(kind: FaultKind, number: number): Promise<readonly string[]> {
  const chance = new Chance(number, 11);
  const world = new World(number, { ...settingsOf(number), hostCount: chance.whole(2, 3) }, false);
  const faults = Array.from({ length: chance.whole(2, 8) }, (): Fault => {
    const forMs = chance.is(0.5) ? chance.between(5, 500) : chance.between(500, 6_000);
    return { atMs: chance.between(200, troubleMs), kind, pick: chance.number(), forMs };
  });
  const lastMs = Math.max(world.produce(troubleMs), ...faults.map(({ atMs, forMs }) => atMs + forMs));
  return await violationsOf(world, number, faults, lastMs);
}

/** The clocks of all hosts differ by an hour from the first moment on; one engine dies, and another takes over. */
async function withClocksApart(number: number): Promise<readonly string[]> {
  const world = new World(number, { ...settingsOf(number), hostCount: 3 }, false);
  for (const [index, host] of world.hosts.entries()) host.wallOffsetMs = (index - 1) * hourMs;
  const faults = [4_000, 8_000].map((atMs): Fault => ({ atMs, kind: 'kill host', pick: atMs / 12_000, forMs: 0 }));
  return await violationsOf(world, number, faults, Math.max(world.produce(troubleMs), 8_000));
}

async function violationsOf(
  world: World,
  number: number,
  faults: readonly Fault[],
  lastMs: number,
): Promise<readonly string[]> {
  const leftOver = () => world.checker.leftOver();
  const { violations } = await runWorld(world, number, { faults }, { lastMs, patienceMs, leftOver });
  return violations;
}

describe('whole engines keep every promise', () => {
  for (const [kind, rows] of Object.entries(kinds) as [FaultKind, string][]) {
    it(`when nothing happens to them but, again and again: ${kind} ${rows}`, async () => {
      for (let number = 1; number <= scheduleCount; number += 1)
        assert.deepEqual(await withOnly(kind, number), [], `number ${number}`);
    });
  }

  it('when their clocks are an hour apart (T2)', async () => {
    for (let number = 1; number <= scheduleCount; number += 1)
      assert.deepEqual(await withClocksApart(number), [], `number ${number}`);
  });
});
