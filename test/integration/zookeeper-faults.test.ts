import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type LibraryClient, newClient } from '../../src/adapters/zookeeper/client-library.js';
import { InstanceNode } from '../../src/adapters/zookeeper/instance-node.js';
import { ZookeeperLeaderLock } from '../../src/adapters/zookeeper/leader-lock.js';
import { ZookeeperOffsetStore } from '../../src/adapters/zookeeper/offset-store.js';
import { Secret } from '../../src/domain/secret.js';
import { untilAborted } from '../../src/domain/until-aborted.js';
import type { HeldLock } from '../../src/ports/ownership.js';
import { endSession, passwordOf } from '../support/stolen-session.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';
import { testIdentity, ZookeeperBench } from '../support/zookeeper-bench.js';
import { ZookeeperServer } from '../support/zookeeper-server.js';

const forever = new AbortController().signal;
const sessionMs = 2000;
const holderFile = fileURLToPath(new URL('../support/lock-holder.js', import.meta.url));

describe('ZooKeeper under faults', () => {
  let server: ZookeeperServer;
  let bench: ZookeeperBench;
  let undo: (() => unknown)[] = [];

  before(async () => {
    server = await ZookeeperServer.start();
  });
  after(() => server.stop());
  afterEach(async () => {
    server.thaw();
    await bench.close();
    for (const each of undo) await each();
    undo = [];
  });

  const topicOf = () => `alarms-${randomUUID()}`;
  const openBench = () => {
    bench = new ZookeeperBench([server.address], sessionMs);
  };

  async function proxied(): Promise<{ proxy: TcpProxy; servers: string[] }> {
    const proxy = await TcpProxy.to(server.port);
    undo.push(() => proxy.close());
    return { proxy, servers: [`127.0.0.1:${proxy.port}`] };
  }

  async function holder(topic: string, holderSessionMs: number): Promise<ChildProcess> {
    const argv = [server.address, String(holderSessionMs), bench.group, topic];
    const child = fork(holderFile, argv, { execArgv: [] });
    undo.push(() => child.kill('SIGKILL'));
    await once(child, 'message');
    return child;
  }

  /** A second engine, in the line behind whoever holds the lock. */
  async function standby(topic: string): Promise<{ readonly lock: Promise<HeldLock>; isHeld: boolean }> {
    const { keeper } = await bench.session();
    const lock = new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topic, forever);
    const seen = { lock, isHeld: false };
    void lock.then(() => {
      seen.isHeld = true;
    });
    await waitFor(async () => (await keeper.now().children(keeper.paths.owners(topic))).length === 2, 'the line');
    return seen;
  }

  test('a killed holder is succeeded when its session is over (Z9)', async () => {
    openBench();
    const topic = topicOf();
    const child = await holder(topic, sessionMs);
    const successor = await standby(topic);
    child.kill('SIGKILL');
    await waitFor(() => successor.isHeld, 'the successor');
  });

  test('a clean stop of the holder hands over without waiting for its session to end', async () => {
    openBench();
    const topic = topicOf();
    const child = await holder(topic, 60_000);
    const successor = await standby(topic);
    child.send('release');
    await waitFor(() => successor.isHeld, 'the successor');
  });

  for (const direction of [undefined, 'toServer', 'toClient'] as const) {
    test(`a connection that goes silent (${direction ?? 'both ways'}) ends the lease before another can have the lock (Z4)`, async () => {
      openBench();
      const topic = topicOf();
      const { proxy, servers } = await proxied();
      const cutOff = await bench.session({ servers });
      const lock = await new ZookeeperLeaderLock(cutOff.keeper, testIdentity()).acquire(topic, forever);
      const successor = await standby(topic);
      const order: string[] = [];
      proxy.blackhole(direction);
      await Promise.all([
        untilAborted(cutOff.session.lease.ended).then(() => order.push('lease ended')),
        successor.lock.then(() => order.push('lock taken')),
      ]);
      assert.deepEqual(order, ['lease ended', 'lock taken']);
      assert.equal(lock.lost.aborted, true);
      assert.equal(cutOff.session.lease.endsAtMonoMs(), 0);
    });
  }

  test('a server frozen for longer than the session: lease ends, requests are refused, a new session takes the lock (Z2)', async () => {
    openBench();
    const topic = topicOf();
    const { keeper, session } = await bench.session();
    const leader = new ZookeeperLeaderLock(keeper, testIdentity());
    const store = new ZookeeperOffsetStore(keeper, 'a');
    const lock = await leader.acquire(topic, forever);
    server.freeze();
    const inFlight = store.load({ topic, partition: 0 });
    await assert.rejects(inFlight, { code: 'STORE_UNAVAILABLE', retriable: true });
    await untilAborted(session.lease.ended);
    await assert.rejects(session.exists('/'), { code: 'STORE_UNAVAILABLE' });
    server.thaw();
    const again = await leader.acquire(topic, forever);
    assert.ok(again.fence.epoch > lock.fence.epoch);
    const commit = { partition: { topic, partition: 0 }, stored: { nextToRead: 1n, finishedAbove: new Uint8Array() } };
    await assert.rejects(store.save([commit], lock.fence), { code: 'FENCED' });
    await store.save([commit], again.fence);
  });

  test('a server that restarts within the lease keeps session and lock (Z1)', async () => {
    bench = new ZookeeperBench([server.address], 20_000);
    const { keeper, session } = await bench.session();
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    await server.kill();
    await server.restart();
    assert.notEqual(await session.exists(lock.fence.lockPath), undefined);
    assert.deepEqual([keeper.session === session, lock.lost.aborted], [true, false]);
  });

  test('a server that is away for longer than the lease: the old lock node is removed, not waited for (Z2)', async () => {
    openBench();
    const topic = topicOf();
    const { keeper, session, telemetry } = await bench.session();
    const leader = new ZookeeperLeaderLock(keeper, testIdentity());
    const lock = await leader.acquire(topic, forever);
    await server.kill();
    await untilAborted(session.lease.ended);
    await server.restart();
    const again = await leader.acquire(topic, forever);
    assert.notEqual(again.fence.lockPath, lock.fence.lockPath);
    assert.equal((await keeper.now().children(keeper.paths.owners(topic))).length, 1);
    assert.equal(telemetry.named('lock_waiting').length, 0);
    assert.equal(telemetry.named('zookeeper_session_ended').length, 1);
  });

  test('a lost answer to create leaves one lock node, and it is ours (Z5)', async () => {
    openBench();
    const topic = topicOf();
    const { proxy, servers } = await proxied();
    const { keeper, session } = await bench.session({ servers, sessionTimeoutMs: 10_000 });
    await session.ensure(keeper.paths.owners(topic));
    let wasCut = false;
    proxy.cutAfterRequest((request) => {
      wasCut ||= request.includes('-lock-');
      return request.includes('-lock-');
    });
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topic, forever);
    const line = await session.children(keeper.paths.owners(topic));
    assert.equal(wasCut, true);
    assert.deepEqual(
      line.map((name) => `${keeper.paths.owners(topic)}/${name}`),
      [lock.fence.lockPath],
    );
    assert.equal(keeper.session, session);
  });

  test('a connection cut over and over, with credentials, loses no request that is repeated (Z6)', async () => {
    openBench();
    const { proxy, servers } = await proxied();
    const { keeper } = await bench.session({ servers, sessionTimeoutMs: 10_000, auth: new Secret('engine:secret') });
    const store = new ZookeeperOffsetStore(keeper, 'a');
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    const partition = { topic: topicOf(), partition: 3 };
    for (let offset = 1n; offset <= 20n; offset++) {
      const commit = { partition, stored: { nextToRead: offset, finishedAbove: new Uint8Array([1]) } };
      proxy.cutAfterRequest(() => true);
      const attempt = () =>
        store.save([commit], lock.fence).then(
          () => true,
          (error) => {
            assert.equal(error.code, 'STORE_UNAVAILABLE');
            return false;
          },
        );
      await waitFor(attempt, `offset ${offset} to be stored`);
    }
    assert.equal((await store.load(partition))?.nextToRead, 20n);
  });

  test('a server that takes a second for each answer costs no session and no lock (Z8)', async () => {
    bench = new ZookeeperBench([server.address], 8_000);
    const { proxy, servers } = await proxied();
    const { keeper, session } = await bench.session({ servers });
    const store = new ZookeeperOffsetStore(keeper, 'a');
    const lock = await new ZookeeperLeaderLock(keeper, testIdentity()).acquire(topicOf(), forever);
    const partition = { topic: topicOf(), partition: 0 };
    const acceptedCount = proxy.acceptedCount;
    proxy.delay(() => 500);
    for (let nextToRead = 1n; nextToRead <= 4n; nextToRead += 1n)
      await store.save([{ partition, stored: { nextToRead, finishedAbove: new Uint8Array() } }], lock.fence);
    assert.equal((await store.load(partition))?.nextToRead, 4n);
    assert.deepEqual(
      [keeper.session === session, lock.lost.aborted, proxy.acceptedCount],
      [true, false, acceptedCount],
    );
  });

  test('a session that a stranger ends while it is connected is over, and a new one leads under a higher epoch (Z3)', async () => {
    openBench();
    const topic = topicOf();
    const clients: LibraryClient[] = [];
    const { keeper, session } = await bench.session({
      newClient: (...given) => {
        const client = newClient(...given);
        clients.push(client);
        return client;
      },
    });
    const leader = new ZookeeperLeaderLock(keeper, testIdentity());
    const store = new ZookeeperOffsetStore(keeper, 'a');
    const lock = await leader.acquire(topic, forever);
    await endSession(server.port, session.idBytes, passwordOf(clients[0]));
    await untilAborted(session.lease.ended);
    assert.equal(lock.lost.aborted, true);
    const again = await leader.acquire(topic, forever);
    assert.ok(again.fence.epoch > lock.fence.epoch);
    const commit = { partition: { topic, partition: 0 }, stored: { nextToRead: 1n, finishedAbove: new Uint8Array() } };
    await assert.rejects(store.save([commit], lock.fence), { code: 'FENCED' });
  });

  test('a connection cut inside an answer does not look like an expired session', async () => {
    bench = new ZookeeperBench([server.address], 20_000);
    const { proxy, servers } = await proxied();
    // The very first answer too.
    proxy.cutInsideAnswer(7);
    const { keeper, session } = await bench.session({ servers });
    for (const passedBytes of [1, 3, 5, 17]) {
      proxy.cutInsideAnswer(passedBytes);
      await assert.rejects(session.exists('/'), { code: 'STORE_UNAVAILABLE' });
      assert.notEqual(await session.exists('/'), undefined);
    }
    assert.equal(keeper.session, session);
  });

  test('the instance node follows the session', async () => {
    openBench();
    const { proxy, servers } = await proxied();
    const observer = await bench.session();
    const { keeper, session } = await bench.session({ servers });
    const identity = testIdentity();
    const stop = new AbortController();
    const kept = new InstanceNode(keeper, identity).keep(stop.signal);
    const path = keeper.paths.instance(identity.instance);
    const owner = async () => (await observer.session.exists(path))?.ephemeralOwner.toString('hex');
    await waitFor(async () => (await owner()) === session.idBytes.toString('hex'), 'the node');
    proxy.blackhole();
    await untilAborted(session.lease.ended);
    proxy.resume();
    const next = await keeper.current(forever);
    await waitFor(async () => (await owner()) === next.idBytes.toString('hex'), 'the node of the next session');
    stop.abort();
    await kept;
  });

  test('while nobody answers, closing is quick and requests are refused', async () => {
    bench = new ZookeeperBench(['127.0.0.1:1'], sessionMs);
    const { keeper, telemetry } = bench.keeper();
    const store = new ZookeeperOffsetStore(keeper, 'a');
    await waitFor(() => telemetry.named('zookeeper_away').length > 0, 'word that nobody answers');
    await assert.rejects(store.load({ topic: 'alarms', partition: 0 }), { code: 'STORE_UNAVAILABLE', retriable: true });
    const waiting = assert.rejects(keeper.current(forever), { code: 'ABORTED' });
    await keeper.close();
    await waiting;
  });

  test('closing a session whose connection has gone silent does not wait for it', async () => {
    openBench();
    const { proxy, servers } = await proxied();
    const { keeper, session } = await bench.session({ servers, sessionTimeoutMs: 30_000 });
    proxy.blackhole();
    await keeper.close();
    assert.equal(session.endReason, 'closed');
  });
});
