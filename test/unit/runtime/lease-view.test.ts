import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { WorkerLease } from '../../../src/runtime/lease-view.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

describe('lease of a worker', () => {
  it('is not valid before the first beat', () => {
    const lease = new WorkerLease(new FakeClock());
    assert.equal(lease.valid(), false);
    assert.equal(lease.signal.aborted, true);
  });

  it('ends by itself when the beats stop', async () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    lease.renew(1_000);
    const { signal } = lease;
    await clock.advance(999);
    assert.deepEqual([lease.valid(), signal.aborted], [true, false]);
    await clock.advance(1);
    assert.deepEqual([lease.valid(), signal.aborted], [false, true]);
  });

  it('goes on as long as it is renewed, without aborting anything', async () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    lease.renew(1_000);
    const { signal } = lease;
    for (let round = 1; round <= 5; round += 1) {
      await clock.advance(800);
      lease.renew(clock.monoMs() + 1_000);
    }
    assert.deepEqual([lease.valid(), signal.aborted], [true, false]);
  });

  it('ends at once when main says so', () => {
    const lease = new WorkerLease(new FakeClock());
    lease.renew(1_000);
    const { signal } = lease;
    lease.renew(0);
    assert.deepEqual([lease.valid(), signal.aborted], [false, true]);
  });

  it('wakes whoever waits for it, or whoever gives up waiting', async () => {
    const lease = new WorkerLease(new FakeClock());
    const waiting = lease.whenValid(new AbortController().signal);
    const impatient = new AbortController();
    const givenUp = lease.whenValid(impatient.signal);
    impatient.abort();
    await givenUp;
    lease.renew(1_000);
    await waiting;
    await lease.whenValid(impatient.signal);
  });

  it('leaves nothing behind on a signal that outlives many leases', async () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    const { signal } = new AbortController();
    for (let round = 0; round < 5; round += 1) {
      const waiting = lease.whenValid(signal);
      lease.renew(clock.monoMs() + 1_000);
      await waiting;
      lease.renew(0);
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('is not valid on the monotonic clock of a process that was frozen past its end', () => {
    const clock = new FakeClock();
    const lease = new WorkerLease(clock);
    lease.renew(1_000);
    clock.freezeFor(5_000);
    assert.equal(lease.valid(), false);
  });
});
