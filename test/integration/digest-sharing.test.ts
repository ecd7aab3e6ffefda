import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DigestLedger } from '../support/digest/digest-ledger.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { DigestTraffic } from '../support/digest/digest-traffic.js';
import { digestKafkaConfig, openTestBus } from '../support/digest/digest-world.js';
import { skipWithoutServices, startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const kafkaPartitions = 5;
/** The session of the tests is one of 4 s; the promise is session and 2 s, and 15 s in all for a slow machine. */
const takeOverLimitMs = 15_000;

interface Place {
  readonly name: string;
  readonly workerCount: number;
  readonly skip: false | string;
  words(t: TestContext): Promise<readonly string[]>;
}

const places: readonly Place[] = [
  {
    name: 'JetStream',
    workerCount: 8,
    skip: false,
    words: async (t) => ['--nats', (await startPrivateServices(t, { only: ['nats'] })).natsUrl],
  },
  {
    name: 'Kafka',
    workerCount: kafkaPartitions,
    skip: skipWithoutServices(),
    words: async (t) => ['--engine-config', await digestKafkaConfig(t, kafkaPartitions)],
  },
];

function instances(t: TestContext, words: readonly string[]): readonly [DigestProcess, DigestProcess] {
  const sharing = [...words, '--lock', 'partition'];
  const both = [new DigestProcess(sharing), new DigestProcess(sharing)] as const;
  t.after(async () => void (await Promise.all(both.map((one) => one.end('SIGKILL')))));
  return both;
}

/** Both work, each on its fair part, and nobody on the part of another. */
async function untilShared(both: readonly [DigestProcess, DigestProcess], workerCount: number): Promise<void> {
  const isFair = () => {
    const owned = both.map(({ ownedWorkers }) => [...ownedWorkers]);
    const all = owned.flat();
    const parts = owned.map(({ length }) => length);
    return all.length === workerCount && new Set(all).size === workerCount && Math.min(...parts) >= workerCount / 2 - 1;
  };
  await waitFor(isFair, 'a fair part each', { timeoutMs: 60_000 });
}

for (const { name, workerCount, skip, words } of places) {
  describe(`two instances on ${name} that share the workers`, { skip }, () => {
    it('own each worker once; when one is killed the other takes its part within 15 s', async (t) => {
      const both = instances(t, await words(t));
      const [one, other] = both;
      one.start();
      await waitFor(() => one.ownedWorkers.size === workerCount, 'all workers at the first', { timeoutMs: 30_000 });
      other.start();
      await untilShared(both, workerCount);
      await one.end('SIGKILL');
      const killedAt = performance.now();
      const isTaken = () => other.ownedWorkers.size === workerCount;
      await waitFor(isTaken, 'the part of the dead one', { timeoutMs: takeOverLimitMs });
      t.diagnostic(`took over after ${Math.round(performance.now() - killedAt)} ms`);
    });
  });
}

describe('two instances that share the partitions of Kafka', { skip: skipWithoutServices() }, () => {
  it('lose nothing and repeat nothing while each is stopped and started again under traffic', async (t) => {
    const words = ['--engine-config', await digestKafkaConfig(t, kafkaPartitions)];
    const both = instances(t, words);
    for (const one of both) one.start();
    await untilShared(both, kafkaPartitions);
    const ledger = new DigestLedger();
    const bus = await openTestBus(words, t);
    await bus.listen((text) => ledger.heard(text, text));
    const traffic = new DigestTraffic(ledger, async (kind, userId, body) => {
      bus.publish(kind, userId, JSON.stringify(body));
      await bus.flush();
    });
    const stop = new AbortController();
    const driving = traffic.drive(stop.signal);
    for (const one of both) {
      assert.equal(await one.end('SIGTERM'), 0);
      one.start();
      await untilShared(both, kafkaPartitions);
    }
    stop.abort();
    await driving;
    assert.equal((await traffic.verdict()).repeated, 0);
  });

  it('take over from a frozen one, which sends nothing when it wakes up', async (t) => {
    const words = ['--engine-config', await digestKafkaConfig(t, kafkaPartitions)];
    const both = instances(t, words);
    for (const one of both) one.start();
    await untilShared(both, kafkaPartitions);
    const [frozen, other] = both;
    const heard: string[] = [];
    const bus = await openTestBus(words, t);
    await bus.listen((text) => heard.push(text));
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    frozen.signal('SIGSTOP');
    for (const user of users) {
      const change = { AlarmID: 'a', UserID: user, Status: 'CRITICAL', ChangedAt: '2026-01-01T00:00:00Z' };
      bus.publish('status', user, JSON.stringify(change));
      bus.publish('command', user, JSON.stringify({ UserID: user }));
    }
    await bus.flush();
    await waitFor(() => other.ownedWorkers.size === kafkaPartitions, 'the part of the frozen one', {
      timeoutMs: takeOverLimitMs,
    });
    await waitFor(() => new Set(heard).size === users.length, 'a digest for everybody', { timeoutMs: 30_000 });
    frozen.signal('SIGCONT');
    await untilShared(both, kafkaPartitions);
    // The answer to these says that whatever the woken one had in hand is over.
    for (const user of users) {
      const change = { AlarmID: 'b', UserID: user, Status: 'WARNING', ChangedAt: '2026-01-01T00:00:01Z' };
      bus.publish('status', user, JSON.stringify(change));
      bus.publish('command', user, JSON.stringify({ UserID: user }));
    }
    await bus.flush();
    await waitFor(() => new Set(heard).size === 2 * users.length, 'the second digests', { timeoutMs: 30_000 });
    assert.equal(heard.length, 2 * users.length);
  });
});
