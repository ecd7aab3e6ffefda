import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Carry, plainOffset } from '../../../src/engine/carry.js';
import { termPartition as at, newTerm, termPosition as position } from '../../support/term-bench.js';

describe('what a term hands on to the next one of the same engine', () => {
  it('carries what was finished since the last commit into the next term of the same engine', async () => {
    const stored = plainOffset(5n);
    const first = newTerm(() => Promise.resolve(stored));
    first.term.partitionsSeen('t', [0]);
    await first.clock.advance(0);
    first.term.positioned(at, 5n, 0n);
    for (const offset of [5, 6, 7]) first.term.begin(position(offset));
    first.term.finish(position(5), 'recorded');
    first.term.finish(position(7), 'recorded');
    first.term.end();
    const second = newTerm(() => Promise.resolve(stored), first.carry);
    second.term.partitionsSeen('t', [0]);
    await second.clock.advance(0);
    assert.equal(second.resumed[0]?.nextToRead, 6n);
    second.term.positioned(at, 6n, 0n);
    assert.deepEqual(
      [6, 7].map((offset) => second.term.begin(position(offset))),
      [true, false],
    );
  });

  it('carries it on through a term that ended before reading began', async () => {
    const stored = plainOffset(5n);
    const carry = new Carry();
    carry.keep(at, [stored], plainOffset(9n));
    const short = newTerm(() => Promise.resolve(stored), carry);
    short.term.partitionsSeen('t', [0]);
    await short.clock.advance(0);
    short.term.end();
    assert.deepEqual(carry.onto(at, stored), plainOffset(9n));
  });

  it('carries it also onto a commit whose answer was lost, and onto nothing stored at all', async () => {
    for (const [before, after] of [
      [plainOffset(5n), plainOffset(6n)],
      [undefined, undefined],
    ]) {
      const first = newTerm(() => Promise.resolve(before));
      first.term.partitionsSeen('t', [0]);
      await first.clock.advance(0);
      first.term.positioned(at, 5n, 0n);
      for (const offset of [5, 6, 7]) first.term.begin(position(offset));
      first.term.finish(position(5), 'recorded');
      if (after !== undefined) first.term.committing([{ partition: at, stored: after }]);
      first.term.finish(position(6), 'recorded');
      first.term.end();
      const second = newTerm(() => Promise.resolve(after), first.carry);
      second.term.partitionsSeen('t', [0]);
      await second.clock.advance(0);
      assert.equal(second.resumed[0]?.nextToRead, 7n);
    }
  });

  it('counts the window from what is stored, not from what it carries over', async () => {
    const carry = new Carry();
    carry.keep(at, [plainOffset(5n)], plainOffset(9n));
    const { term, clock, resumed, committed } = newTerm(() => Promise.resolve(plainOffset(5n)), carry);
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 9n, 0n);
    term.sourceReplaced('t');
    term.committed([{ partition: at, stored: plainOffset(9n) }]);
    term.sourceReplaced('t');
    assert.deepEqual(
      resumed.map(({ nextToRead }) => nextToRead),
      [9n, 9n, 9n],
    );
    assert.deepEqual(committed, [5n, 5n, 9n]);
  });

  it('carries nothing over when somebody else has written the position since', () => {
    const carry = new Carry();
    carry.keep(at, [plainOffset(5n)], plainOffset(9n));
    assert.deepEqual(carry.onto(at, plainOffset(2n)), plainOffset(2n));
    carry.keep(at, [plainOffset(5n)], plainOffset(9n));
    assert.equal(carry.onto(at, undefined), undefined);
    assert.deepEqual(carry.onto(at, plainOffset(5n)), plainOffset(5n));
  });

  it('counts the window from a commit that was told while the position was being loaded', async () => {
    const carry = new Carry();
    carry.keep(at, [undefined, plainOffset(9n)], plainOffset(9n));
    let loaded: (stored: undefined) => void = () => undefined;
    const { term, clock, committed } = newTerm(() => new Promise((resolve) => (loaded = resolve)), carry);
    term.partitionsSeen('t', [0]);
    term.committed([{ partition: at, stored: plainOffset(9n) }]);
    loaded(undefined);
    await clock.advance(0);
    assert.deepEqual(committed, [9n]);
  });

  it('reads nothing further than a window from the begin before the first commit of what it carries over', async () => {
    const carry = new Carry();
    carry.keep(at, [undefined], plainOffset(9n));
    const { term, clock, committed } = newTerm(() => Promise.resolve(undefined), carry);
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual(committed, [0n]);
  });
});
