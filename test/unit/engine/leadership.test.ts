import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ConfigurationError, givenUp } from '../../../src/domain/errors.js';
import { Leadership } from '../../../src/engine/leadership.js';
import type { HeldLock } from '../../../src/ports/ownership.js';

class Bench {
  readonly stop = new AbortController();
  readonly told: string[] = [];
  released = 0;
  lease = new AbortController();
  lost = new AbortController();
  acquire: (signal: AbortSignal) => Promise<HeldLock> = () => Promise.resolve(this.lock());
  readonly leadership = new Leadership({
    topic: 't',
    lock: { acquire: (_topic, signal) => this.acquire(signal) },
    session: (signal) => {
      if (signal.aborted) return Promise.reject(givenUp('stopped'));
      this.lease = new AbortController();
      return Promise.resolve({ lease: { endsAtMonoMs: () => 1e9, endsAtMs: () => 1e15, ended: this.lease.signal } });
    },
    begin: () => this.told.push('begin'),
    end: (reason) => {
      this.told.push(reason);
      if (this.told.length > 4) this.stop.abort();
    },
  });

  lock(): HeldLock {
    this.lost = new AbortController();
    const release = () => {
      this.released += 1;
      return Promise.resolve();
    };
    return { fence: { lockPath: '/l', epoch: 1n }, lost: this.lost.signal, release };
  }
}

describe('leadership', () => {
  it('keeps its term when it is asked to stop, so that it can be drained, and hands the lock on when told', async () => {
    const bench = new Bench();
    const running = bench.leadership.run(bench.stop.signal);
    await turn();
    bench.stop.abort();
    await running;
    assert.deepEqual([bench.told, bench.released], [['begin'], 0]);
    await bench.leadership.release();
    assert.equal(bench.released, 1);
  });

  it('gives the term up at the end of the lease without touching the lock node, and leads again', async () => {
    const bench = new Bench();
    void bench.leadership.run(bench.stop.signal);
    await turn();
    bench.lease.abort();
    await turn();
    assert.deepEqual([bench.told, bench.released], [['begin', 'lease_ended', 'begin'], 0]);
    bench.stop.abort();
  });

  it('gives the term up when the lock node is gone, and when a commit was refused', async () => {
    const bench = new Bench();
    const running = bench.leadership.run(bench.stop.signal);
    await turn();
    bench.lost.abort();
    await turn();
    bench.leadership.fenced();
    await turn();
    assert.deepEqual([bench.told, bench.released], [['begin', 'lock_lost', 'begin', 'fenced', 'begin'], 2]);
    bench.stop.abort();
    await running;
  });

  for (const [what, lose, reason] of [
    ['the lease ends', (bench: Bench) => bench.lease.abort(), 'lease_ended'],
    ['the lock node is gone', (bench: Bench) => bench.lost.abort(), 'lock_lost'],
    ['a commit is refused', (bench: Bench) => bench.leadership.fenced(), 'fenced'],
  ] as const) {
    it(`gives the term up at once when ${what} while it is being drained`, async () => {
      const bench = new Bench();
      const running = bench.leadership.run(bench.stop.signal);
      await turn();
      bench.stop.abort();
      await running;
      lose(bench);
      assert.deepEqual(bench.told, ['begin', reason]);
      await bench.leadership.release();
      assert.deepEqual([bench.told, bench.released], [['begin', reason], 1]);
    });
  }

  it('ends its term before it hands the lock on, and only once', async () => {
    const bench = new Bench();
    const running = bench.leadership.run(bench.stop.signal);
    await turn();
    bench.stop.abort();
    await running;
    const releasing = bench.leadership.release();
    assert.deepEqual(bench.told, ['begin', 'released']);
    bench.lease.abort();
    bench.leadership.fenced();
    await releasing;
    await bench.leadership.release();
    assert.deepEqual([bench.told, bench.released], [['begin', 'released'], 1]);
  });

  it('begins no term with a lock that it gets while it is asked to stop, but hands it on', async () => {
    const bench = new Bench();
    let give: () => void = () => undefined;
    bench.acquire = () =>
      new Promise((resolve) => {
        give = () => resolve(bench.lock());
      });
    const running = bench.leadership.run(bench.stop.signal);
    await turn();
    bench.stop.abort();
    give();
    await running;
    await bench.leadership.release();
    assert.deepEqual([bench.told, bench.released], [[], 1]);
  });

  it('ends a term at once that begins with a lease or a lock that is over already', async () => {
    const bench = new Bench();
    const lock = bench.lock.bind(bench);
    let tries = 0;
    bench.acquire = () => {
      tries += 1;
      const held = lock();
      if (tries === 1) bench.lease.abort();
      if (tries === 2) bench.lost.abort();
      return Promise.resolve(held);
    };
    const running = bench.leadership.run(bench.stop.signal);
    await turn();
    assert.deepEqual(bench.told, ['begin', 'lease_ended', 'begin', 'lock_lost', 'begin']);
    bench.stop.abort();
    await running;
  });

  it('ends the wait for the lock when it is asked to stop', async () => {
    const bench = new Bench();
    bench.acquire = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(givenUp('given up')));
      });
    const running = bench.leadership.run(bench.stop.signal);
    await turn();
    bench.stop.abort();
    await running;
    assert.deepEqual(bench.told, []);
  });

  it('fails when a right is missing, which no waiting cures', async () => {
    const bench = new Bench();
    bench.acquire = () => Promise.reject(new ConfigurationError('RIGHT_MISSING', 'no right on /consumers'));
    await assert.rejects(bench.leadership.run(bench.stop.signal), { code: 'RIGHT_MISSING' });
  });
});
