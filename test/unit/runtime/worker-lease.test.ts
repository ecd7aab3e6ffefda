import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { WorkerLease } from '../../../src/runtime/worker-lease.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

/** The wall clock says nothing here. */
const farAtMs = 1e15;

describe('lease of a worker', () => {
  it('is not valid before the first beat', () => {
    const lease = new WorkerLease(new FakeClock());
    assert.equal(lease.valid(), false);
    assert.equal(lease.signal.aborted, true);
  });

  it('ends by itself when the beats stop', async () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    lease.renew(1_000, farAtMs);
    const { signal } = lease;
    await clock.advance(999);
    assert.deepEqual([lease.valid(), signal.aborted], [true, false]);
    await clock.advance(1);
    assert.deepEqual([lease.valid(), signal.aborted], [false, true]);
  });

  it('goes on as long as it is renewed, without aborting anything', async () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    lease.renew(1_000, farAtMs);
    const { signal } = lease;
    for (let round = 1; round <= 5; round += 1) {
      await clock.advance(800);
      lease.renew(clock.monoMs() + 1_000, farAtMs);
    }
    assert.deepEqual([lease.valid(), signal.aborted], [true, false]);
  });

  it('ends at once when main says so', () => {
    const lease = new WorkerLease(new FakeClock());
    lease.renew(1_000, farAtMs);
    const { signal } = lease;
    lease.renew(0, farAtMs);
    assert.deepEqual([lease.valid(), signal.aborted], [false, true]);
  });

  it('wakes whoever waits for it, or whoever gives up waiting', async () => {
    const lease = new WorkerLease(new FakeClock());
    const waiting = lease.whenValid(new AbortController().signal);
    const impatient = new AbortController();
    const givenUp = lease.whenValid(impatient.signal);
    impatient.abort();
    await givenUp;
    lease.renew(1_000, farAtMs);
    await waiting;
    await lease.whenValid(impatient.signal);
  });

  it('leaves nothing behind on a signal that outlives many leases', async () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    const { signal } = new AbortController();
    for (let round = 0; round < 5; round += 1) {
      const waiting = lease.whenValid(signal);
      lease.renew(clock.monoMs() + 1_000, farAtMs);
      await waiting;
      lease.renew(0, farAtMs);
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('is not valid on the monotonic clock of a process that was frozen past its end', () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    lease.renew(1_000, farAtMs);
    clock.freezeFor(5_000);
    assert.equal(lease.valid(), false);
  });

  describe('and the clock on the wall', () => {
    /** A lease of ten seconds by both clocks. */
    function leased(): { clock: FakeClock; lease: WorkerLease; again: () => void } {
      const clock = new FakeClock();
      const lease = new WorkerLease(clock);
      const again = () => lease.renew(clock.monoMs() + 10_000, clock.nowMs() + 10_000);
      again();
      return { clock, lease, again };
    }

    it('is over after a suspension, in which the monotonic clock stood still, until ZooKeeper has answered (P11)', () => {
      const { clock, lease, again } = leased();
      clock.suspendFor(3_600_000);
      assert.equal(lease.valid(), false);
      again();
      assert.equal(lease.valid(), true);
    });

    it('stays over when a word of before the suspension is read after it', () => {
      const { clock, lease } = leased();
      const [endsAtMonoMs, endsAtMs] = [clock.monoMs() + 10_000, clock.nowMs() + 10_000];
      clock.suspendFor(3_600_000);
      lease.renew(endsAtMonoMs, endsAtMs);
      assert.equal(lease.valid(), false);
    });

    it('loses by a short suspension what it took', async () => {
      const { clock, lease } = leased();
      clock.suspendFor(4_000);
      await clock.advance(6_900);
      assert.equal(lease.valid(), true);
      await clock.advance(200);
      assert.equal(lease.valid(), false);
    });

    it('does not end what is under way when somebody sets the clock forward (T1)', () => {
      const { clock, lease } = leased();
      clock.suspendFor(3_600_000);
      assert.equal(lease.signal.aborted, false);
    });

    it('stays over, once that was seen, when the clock is set forward and back again', async () => {
      const { clock, lease, again } = leased();
      await clock.advance(5_000);
      again();
      clock.suspendFor(3_600_000);
      await clock.advance(6_000);
      clock.suspendFor(-3_600_000);
      assert.deepEqual([lease.valid(), lease.signal.aborted], [false, true]);
      again();
      assert.deepEqual([lease.valid(), lease.signal.aborted], [true, false]);
    });

    it('does not heed a clock that is set back', async () => {
      const { clock, lease } = leased();
      clock.suspendFor(-3_600_000);
      assert.equal(lease.valid(), true);
      await clock.advance(10_000);
      assert.equal(lease.valid(), false);
    });
  });
});
