import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Fifo } from '../../../src/domain/fifo.js';
import { waitFor } from '../../support/wait-for.js';

describe('a line of items', () => {
  it('does what an array does', () => {
    const steps = fc.array(fc.oneof(fc.nat(5_000), fc.constant('take'), fc.constant('clear')), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (list) => {
        const [fifo, model]: [Fifo<number>, number[]] = [new Fifo(), []];
        let next = 0;
        const take = () => {
          assert.equal(fifo.peek(), model[0]);
          assert.equal(fifo.shift(), model.shift());
        };
        for (const step of list) {
          if (step === 'take') for (let count = 0; count < 700; count += 1) take();
          else if (step === 'clear') {
            fifo.clear();
            model.length = 0;
          } else
            for (let count = 0; count < Number(step); count += 1) {
              fifo.push(next);
              model.push(next);
              next += 1;
            }
          assert.equal(fifo.length, model.length);
        }
        while (model.length > 0) take();
        assert.equal(fifo.shift(), undefined);
      }),
      { numRuns: 100 },
    );
  });

  it('holds nothing of what was taken, while others wait behind it', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const fifo = new Fifo<object>();
    const taken = put(fifo);
    fifo.push({});
    assert.ok(fifo.shift() === taken.deref());
    await waitFor(() => {
      collect();
      return taken.deref() === undefined;
    }, 'what was taken to be collected');
    assert.equal(fifo.length, 1);
  });
});

function put(fifo: Fifo<object>): WeakRef<object> {
  const item = {};
  fifo.push(item);
  return new WeakRef(item);
}
