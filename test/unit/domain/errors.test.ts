import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeliveryError, EngineError, givenUp, isGivenUp } from '../../../src/domain/errors.js';

describe('a step that was given up', () => {
  it('may be taken again, and keeps what was thrown last', () => {
    const cause = new Error('no answer');
    const error = givenUp('the commit was given up', cause);
    assert.deepEqual(
      [error.code, error.retriable, error.message, error.cause],
      ['ABORTED', true, 'the commit was given up', cause],
    );
    assert.equal('cause' in givenUp('the wait was given up'), false);
  });

  it('is told from a failure', () => {
    assert.ok(isGivenUp(givenUp('the wait was given up')));
    const failed = new DeliveryError('no connection', { failure: 'unreachable', retriable: true });
    const others = [failed, new EngineError('FENCED', 'over', { retriable: false }), { code: 'ABORTED' }, undefined];
    assert.deepEqual(others.filter(isGivenUp), []);
  });
});
