import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { skipWithoutServices } from '../support/services.js';
import { type ProfileName, profiles } from './plan.js';
import { summaryOf } from './report.js';
import { type ChaosOptions, runChaos } from './run.js';

const perSecond = 100;
/** What a busy machine and outages leave of the load: fewer would prove little. */
const leastPerSecond = 30;

async function survives(test: TestContext, profile: ProfileName, strikes: number, more: Partial<ChaosOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'mon-notification-chaos-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  const { everyMs } = profiles[profile];
  const cleanUps: (() => Promise<void>)[] = [];
  test.after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });
  const result = await runChaos(
    { after: (cleanUp) => cleanUps.push(cleanUp) },
    {
      ...{ profile, perSecond, folder, everyMs, seed: 1, totalMs: strikes * everyMs, lock: 'topic', say: console.log },
      ...{ engines: 3, senders: 2, partitions: 4, ...more },
    },
  );
  for (const line of summaryOf(result)) console.log(line);
  assert.deepEqual(result.verdict.violations, []);
  assert.equal(result.history.strikes.length, strikes, 'faults that were really applied');
  assert.ok(
    result.history.acked.length >= (leastPerSecond * strikes * everyMs) / 1_000,
    'too few alarms to prove anything',
  );
}

describe('three engines on real servers lose nothing, keep order and identity, and repeat no more than has a cause', {
  skip: skipWithoutServices(),
}, () => {
  it('while one of their processes is killed every two seconds (P1) (P2) (P3) (P4) (P8)', async (test) => {
    await survives(test, 'kills', 30);
  });

  it('while processes freeze and ZooKeeper is cut off, silent, frozen and restarted (Z4) (P11) (N2)', async (test) => {
    await survives(test, 'leases', 10);
  });

  it('while they are stopped and started one after the other, and then they repeat nothing at all (P12)', async (test) => {
    await survives(test, 'stops', 10, { lock: 'partition' });
  });
});
