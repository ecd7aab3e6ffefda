import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionLease } from '../../../../src/adapters/zookeeper/session-lease.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';

const epochMs = Date.UTC(2026, 0, 1);
const sentAt = (atMonoMs: number, atMs = epochMs + atMonoMs) => ({ atMonoMs, atMs });

describe('session lease', () => {
  test('is not trusted before the first answer', () => {
    const lease = new SessionLease(new FakeClock());
    assert.equal(lease.endsAtMonoMs(), 0);
    assert.equal(lease.ended.aborted, false);
  });

  test('ends by itself when nothing is answered', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(sentAt(0), 4000);
    await clock.advance(2999);
    assert.equal(lease.ended.aborted, false);
    await clock.advance(1);
    assert.equal(lease.ended.aborted, true);
    assert.equal(lease.endsAtMonoMs(), 0);
  });

  test('goes on with every answer, by the time at which the request was sent', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(sentAt(0), 4000);
    for (let sentAtMonoMs = 1000; sentAtMonoMs <= 10_000; sentAtMonoMs += 1000) {
      await clock.advance(1000);
      lease.renew(sentAt(sentAtMonoMs), 4000);
    }
    assert.equal(lease.endsAtMonoMs(), 13_000);
    assert.equal(lease.ended.aborted, false);
  });

  test('a late answer to an early request does not shorten it', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    await clock.advance(1000);
    lease.renew(sentAt(1000), 4000);
    lease.renew(sentAt(200), 4000);
    assert.equal(lease.endsAtMonoMs(), 4000);
  });

  test('is over for a process that was frozen, although an answer waits for it', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(sentAt(0), 4000);
    clock.freezeFor(60_000);
    lease.renew(sentAt(59_999), 4000);
    assert.equal(lease.ended.aborted, true);
  });

  test('never revives, and leaves no timer', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(sentAt(0), 4000);
    lease.end();
    lease.renew(sentAt(1), 4000);
    await clock.advance(1);
    assert.equal(lease.endsAtMonoMs(), 0);
    assert.equal(clock.waitingCount, 0);
  });

  test('tells its end by the wall clock too, as that stood when the request was sent', async () => {
    const lease = new SessionLease(new FakeClock());
    lease.renew(sentAt(1000), 4000);
    assert.equal(lease.endsAtMs(), epochMs + 4000);
    lease.renew(sentAt(2000, epochMs + 3_602_000), 4000);
    assert.deepEqual([lease.endsAtMonoMs(), lease.endsAtMs()], [5000, epochMs + 3_605_000]);
    lease.end();
    assert.equal(lease.endsAtMs(), 0);
  });
});
