import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterPatience } from '../../../src/runtime/shutdown.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

function world() {
  const [stop, force, clock] = [new AbortController(), new AbortController(), new FakeClock()];
  let ends = 0;
  const request = { stop: stop.signal, force: force.signal };
  const callOff = afterPatience(request, 20_000, clock, () => {
    ends += 1;
  });
  return { stop, force, clock, callOff, ends: () => ends };
}

describe('the patience of a stop', () => {
  it('ends a while after the first signal, not before', async () => {
    const { stop, clock, ends } = world();
    await clock.advance(60_000);
    stop.abort();
    await clock.advance(19_999);
    assert.equal(ends(), 0);
    await clock.advance(1);
    assert.equal(ends(), 1);
  });

  it('ends at the second signal', async () => {
    const { stop, force, ends, clock } = world();
    stop.abort();
    await clock.advance(1_000);
    force.abort();
    assert.equal(ends(), 1);
  });

  it('has no end once the work is done', async () => {
    const { stop, callOff, clock, ends } = world();
    stop.abort();
    callOff();
    await clock.advance(60_000);
    assert.equal(ends(), 0);
  });

  it('does not begin once the work is done', async () => {
    const { stop, callOff, clock, ends } = world();
    callOff();
    stop.abort();
    await clock.advance(60_000);
    assert.equal(ends(), 0);
  });
});
