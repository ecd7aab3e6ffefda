import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Carry, plainOffset } from '../../../src/engine/carry.js';

const at = { topic: 't', partition: 0 };

describe('carry', () => {
  it('carries nothing over when somebody else has written the position since', () => {
    const carry = new Carry();
    carry.keep(at, [plainOffset(5n)], plainOffset(9n));
    assert.deepEqual(carry.onto(at, plainOffset(2n)), plainOffset(2n));
    carry.keep(at, [plainOffset(5n)], plainOffset(9n));
    assert.equal(carry.onto(at, undefined), undefined);
    assert.deepEqual(carry.onto(at, plainOffset(5n)), plainOffset(5n));
  });
});
