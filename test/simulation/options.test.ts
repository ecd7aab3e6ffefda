import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './options.js';

test('the command line of the simulation: without words 10,000 schedules from 1 on', () => {
  const { isSweep, runCount, first, number, dayCount, planted } = readOptions([]);
  assert.deepEqual([isSweep, runCount, first, number, dayCount, planted], [false, 10_000, 1, undefined, undefined, {}]);
  assert.equal(readOptions(['--sweep']).first, 0);
  assert.equal(readOptions(['--mutant', 'without a look']).planted.mutant?.name.includes('without a look'), true);
});

test('the command line of the simulation: what cannot be meant is refused, with the reason', () => {
  for (const [words, reason] of [
    [['--runs', 'x'], /--runs: expected a whole number from 1 on, got "x"/],
    [['--runs', '0'], /--runs/],
    [['--from', '-1'], /--from/],
    [['--number', '1.5'], /--number/],
    [['--days', ''], /--days/],
    [['--mutant', 'no such fault'], /--mutant/],
    [['--rnus', '3'], /--rnus/],
    [['3'], /'3'/],
  ] as const)
    assert.throws(() => readOptions(words), reason, words.join(' '));
});
