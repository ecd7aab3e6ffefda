import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SessionLease } from '../../../../src/adapters/zookeeper/session-lease.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';

describe('session lease', () => {
  test('is not trusted before the first answer', () => {
    const lease = new SessionLease(new FakeClock());
    assert.equal(lease.endsAtMonoMs(), 0);
    assert.equal(lease.ended.aborted, false);
  });

  test('ends by itself when nothing is answered', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(0, 4000);
    await clock.advance(2999);
    assert.equal(lease.ended.aborted, false);
    await clock.advance(1);
    assert.equal(lease.ended.aborted, true);
    assert.equal(lease.endsAtMonoMs(), 0);
  });

  test('goes on with every answer, by the time at which the request was sent', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(0, 4000);
    for (let sentAtMonoMs = 1000; sentAtMonoMs <= 10_000; sentAtMonoMs += 1000) {
      await clock.advance(1000);
      lease.renew(sentAtMonoMs, 4000);
    }
    assert.equal(lease.endsAtMonoMs(), 13_000);
    assert.equal(lease.ended.aborted, false);
  });

  test('a late answer to an early request does not shorten it', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    await clock.advance(1000);
    lease.renew(1000, 4000);
    lease.renew(200, 4000);
    assert.equal(lease.endsAtMonoMs(), 4000);
  });

  test('is over for a process that was frozen, although an answer waits for it', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(0, 4000);
    clock.freezeFor(60_000);
    lease.renew(59_999, 4000);
    assert.equal(lease.ended.aborted, true);
  });

  test('never revives, and leaves no timer', async () => {
    const clock = new FakeClock();
    const lease = new SessionLease(clock);
    lease.renew(0, 4000);
    lease.end();
    lease.renew(1, 4000);
    await clock.advance(1);
    assert.equal(lease.endsAtMonoMs(), 0);
    assert.equal(clock.waitingCount, 0);
  });
});
