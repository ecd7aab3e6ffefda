import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError } from '../../../src/domain/errors.js';
import { WaitingBench } from '../../support/waiting-bench.js';

describe('the engine of what waits, when something fails for good', () => {
  it('ends at once with what waiting cannot cure, though it pauses because nothing came of anything before', async () => {
    const bench = new WaitingBench();
    bench.resume();
    bench.isAway = true;
    bench.write({ notBeforeMs: bench.clock.nowMs() + 1_000 });
    await bench.clock.advance(60_000);
    const refused = new ConfigurationError('RIGHT_MISSING', 'MySQL refuses to read notification_method');
    let isAsked = false;
    bench.directory.methodById = () => {
      isAsked = true;
      return Promise.reject(refused);
    };
    bench.isAway = false;
    for (let steps = 0; !isAsked && steps < 1_000; steps += 1) await bench.clock.advance(20);
    await bench.clock.advance(0);
    assert.equal(bench.failure, refused);
    await bench.end();
  });
});
