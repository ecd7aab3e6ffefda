import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { DigestBus } from '../../src/cli/digest-bus.js';
import { runCommand } from '../support/command-run.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { digestKafkaConfig, openTestBus } from '../support/digest/digest-world.js';
import { orderCases, t1, t2 } from '../support/digest/order-cases.js';
import { randomName } from '../support/random-name.js';
import { type CleanUp, cleanUpAfterSuite, skipWithoutServices, startPrivateServices } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

interface Transport {
  readonly name: string;
  readonly skip: false | string;
  words(suite: CleanUp): Promise<{ readonly digest: readonly string[]; readonly bus: readonly string[] }>;
}

const nats = async (suite: CleanUp) => (await startPrivateServices(suite, { only: ['nats'] })).natsUrl;
const transports: readonly Transport[] = [
  {
    name: 'JetStream',
    skip: false,
    async words(suite) {
      const bus = ['--nats', await nats(suite)];
      return { digest: [...bus, '--jetstream', 'on'], bus };
    },
  },
  {
    name: 'JetStream with shared workers',
    skip: false,
    async words(suite) {
      const bus = ['--nats', await nats(suite)];
      return { digest: [...bus, '--lock', 'partition'], bus };
    },
  },
  {
    name: 'core NATS',
    skip: false,
    async words(suite) {
      const bus = ['--nats', await nats(suite)];
      return { digest: [...bus, '--jetstream', 'off'], bus };
    },
  },
  {
    name: 'Kafka',
    skip: skipWithoutServices(),
    async words(suite) {
      const bus = ['--engine-config', await digestKafkaConfig(suite, 3)];
      return { digest: bus, bus };
    },
  },
  {
    name: 'Kafka with shared partitions',
    skip: skipWithoutServices(),
    async words(suite) {
      const bus = ['--engine-config', await digestKafkaConfig(suite, 3)];
      return { digest: [...bus, '--lock', 'partition'], bus };
    },
  },
];

for (const { name, skip, words } of transports) {
  describe(`the digest on ${name}`, { skip }, () => {
    const suite = cleanUpAfterSuite();
    const heard: string[] = [];
    let bus: DigestBus;
    let digest: DigestProcess;

    before(async () => {
      const given = await words(suite);
      digest = new DigestProcess(given.digest);
      digest.start();
      suite.after(async () => void (await digest.end('SIGKILL')));
      await digest.takesOver();
      if (name.includes('shared')) {
        const count = name.startsWith('Kafka') ? 3 : 8;
        await waitFor(() => digest.ownedWorkers.size === count, 'all workers', { timeoutMs: 30_000 });
      }
      bus = await openTestBus(given.bus, suite);
      await bus.listen((text) => heard.push(text));
    });

    const publish = (user: string, alarm: string, status: string, at: string) =>
      bus.publish('status', user, JSON.stringify({ AlarmID: alarm, UserID: user, Status: status, ChangedAt: at }));
    const send = (user: string) => bus.publish('command', user, JSON.stringify({ UserID: user }));

    it('keeps every rule of order', async () => {
      const users = orderCases.map(() => randomName('user'));
      for (const [index, { steps }] of orderCases.entries()) {
        const user = users[index] ?? '';
        for (const step of steps) {
          if (step === 'send') send(user);
          else publish(user, ...step);
          await bus.flush();
        }
        // The answer to this one says that whatever came before it is out.
        publish(user, 'last', 'CRITICAL', t1);
        send(user);
        await bus.flush();
      }
      const entriesOf = (user: string) =>
        heard
          .map((text) => JSON.parse(text) as { UserID: string; ActiveAlarms: Record<string, string>[] })
          .filter(({ UserID }) => UserID === user)
          .map(({ ActiveAlarms }) => ActiveAlarms.map((one) => `${one.AlarmID} ${one.Status} ${one.LatestChangedAt}`));
      const isOver = (user: string) => entriesOf(user).some((digest) => digest.some((one) => one.startsWith('last ')));
      await waitFor(() => users.every(isOver), 'the last digest of every case', { timeoutMs: 60_000 });
      for (const [index, { name: rule, digests }] of orderCases.entries()) {
        const isUnsent = (digest: readonly string[]) => digest.some((one) => one.startsWith('last '));
        const before = entriesOf(users[index] ?? '').filter((digest) => !isUnsent(digest));
        const left = entriesOf(users[index] ?? '')
          .filter(isUnsent)
          .flat();
        assert.deepEqual(before, digests, rule);
        // Active, changed and not asked for before: it came with the last one.
        assert.ok(left.length === 1 || digests.length === 0, `${rule}: ${left.join()}`);
      }
    });

    it('puts aside what means nothing', async () => {
      const user = randomName('user');
      bus.publish('status', user, 'garbage');
      bus.publish('status', user, JSON.stringify({ AlarmID: 'a', UserID: user, Status: 'PANIC', ChangedAt: t2 }));
      publish(user, 'a', 'CRITICAL', t1);
      send(user);
      await bus.flush();
      await waitFor(() => heard.some((text) => text.includes(user)), 'the digest', { timeoutMs: 30_000 });
      await waitFor(() => digest.log.includes('"digest_message_malformed"'), 'the word about them');
    });

    it(
      name === 'core NATS' ? 'stops when it is asked to' : 'knows after a crash and after a stop what it knew before',
      async () => {
        const user = randomName('user');
        if (name === 'core NATS') {
          assert.equal(await digest.end('SIGTERM'), 0);
          return;
        }
        const ours = () => heard.filter((text) => text.includes(user));
        publish(user, 'a', 'CRITICAL', t2);
        publish(user, 'b', 'CLEARED', t2);
        send(user);
        await bus.flush();
        await waitFor(() => ours().length > 0, 'the digest', { timeoutMs: 40_000 });
        await digest.end('SIGKILL');
        digest.start();
        await digest.takesOver();
        publish(user, 'a', 'WARNING', t1);
        publish(user, 'b', 'CRITICAL', t1);
        send(user);
        await bus.flush();
        assert.equal(await digest.end('SIGTERM'), 0);
        digest.start();
        await digest.takesOver();
        publish(user, 'c', 'WARNING', t2);
        send(user);
        await bus.flush();
        await waitFor(() => ours().some((text) => text.includes('"c"')), 'the next digest', { timeoutMs: 60_000 });
        const entry = (alarm: string, status: string) =>
          `{"AlarmID":"${alarm}","Status":"${status}","LatestChangedAt":"${t2}"}`;
        // Killed between publish and clearing, it may have sent the first one twice.
        assert.deepEqual(
          [...new Set(ours())],
          [
            `{"UserID":"${user}","ActiveAlarms":[${entry('a', 'CRITICAL')}]}`,
            `{"UserID":"${user}","ActiveAlarms":[${entry('c', 'WARNING')}]}`,
          ],
        );
      },
    );
  });
}

describe('a digest that cannot be', () => {
  it('exits 78 when another instance works with another number of workers', async (t) => {
    const url = await nats(t);
    const running = new DigestProcess(['--nats', url]);
    t.after(async () => void (await running.end('SIGKILL')));
    running.start();
    await running.takesOver();
    const { code, err } = await runCommand('digest', '--nats', url, '--workers', '4');
    assert.equal(code, 78);
    assert.match(err, /stop all instances/);
  });

  it('exits 2 for wrong options, before any connection', async () => {
    for (const words of [
      ['--nats', 'http://somewhere'],
      ['--nats', 'nats://me:100%@127.0.0.1:1'],
      ['--workers', '0'],
      ['--lock', 'both'],
      ['--transport', 'smoke'],
      ['--tombstone-days', 'x'],
      ['--metrics-listen', 'here'],
      ['more'],
    ]) {
      assert.equal((await runCommand('digest', ...words)).code, 2, words.join(' '));
    }
  });

  it('ends at the second signal while the server hears nothing of what it would have to finish', async (t) => {
    const server = new URL(await nats(t));
    const proxy = await TcpProxy.to(Number(server.port));
    t.after(() => proxy.close());
    const deaf = new DigestProcess(['--nats', `nats://127.0.0.1:${proxy.port}`, '--jetstream', 'off']);
    t.after(async () => void (await deaf.end('SIGKILL')));
    deaf.start();
    await deaf.takesOver();
    const bus = await openTestBus(['--nats', server.href], t);
    proxy.blackhole('toServer');
    bus.publish('status', 'u', JSON.stringify({ AlarmID: 'a', UserID: 'u', Status: 'CRITICAL', ChangedAt: t1 }));
    bus.publish('command', 'u', JSON.stringify({ UserID: 'u' }));
    await bus.flush();
    const says = (event: string) => deaf.log.includes(`"${event}"`);
    await waitFor(() => says('digest_commit_failed'), 'the word about the digest that cannot leave', {
      timeoutMs: 30_000,
    });
    const ended = deaf.end('SIGTERM');
    const signalled = () => {
      deaf.signal('SIGTERM');
      return says('digest_stop_forced');
    };
    await waitFor(signalled, 'the end at a further signal');
    assert.equal(await ended, 0);
  });

  it('waits while the server is away, and stops when it is asked to', async () => {
    const away = new DigestProcess(['--nats', 'nats://127.0.0.1:1']);
    away.start();
    await waitFor(() => away.log.includes('"nats_away"'), 'the word that NATS is away');
    assert.equal(await away.end('SIGTERM'), 0);
  });
});
