import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bell } from '../../../src/domain/bell.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

const forever = new AbortController().signal;

describe('a bell', () => {
  it('wakes every waiter once', async () => {
    const [bell, clock] = [new Bell(), new FakeClock()];
    const waits = [bell.wait(60_000, clock, forever), bell.wait(60_000, clock, forever)];
    bell.ring();
    assert.deepEqual(await Promise.all(waits), [true, true]);
    const third = bell.wait(60_000, clock, forever);
    await clock.advance(60_000);
    assert.equal(await third, false);
  });

  it('leaves a waiter whose signal aborts, and none of its timers', async () => {
    const [bell, clock, stop] = [new Bell(), new FakeClock(), new AbortController()];
    const waiting = bell.wait(60_000, clock, stop.signal);
    stop.abort();
    assert.equal(await waiting, false);
    assert.equal(await bell.wait(60_000, clock, stop.signal), false);
    assert.equal(clock.waitingCount, 0);
  });

  it('is heard at once by who was busy when it rang, and only once', async () => {
    const [bell, clock] = [new Bell(), new FakeClock()];
    const heardCount = bell.rungCount;
    bell.ring();
    assert.equal(await bell.wait(60_000, clock, forever, heardCount), true);
    const again = bell.wait(60_000, clock, forever, bell.rungCount);
    await clock.advance(60_000);
    assert.equal(await again, false);
  });

  it('counts no ring from before for who looks right before he waits', async () => {
    const [bell, clock] = [new Bell(), new FakeClock()];
    bell.ring();
    const waiting = bell.wait(60_000, clock, forever);
    await clock.advance(60_000);
    assert.equal(await waiting, false);
  });
});
