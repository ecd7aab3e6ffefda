import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partitionText } from '../../../src/domain/position.js';
import { nextMoves, type Standing } from '../../../src/ownership/next-moves.js';

interface Seen {
  /** Owner by partition; `+` for each that stands behind. */
  readonly lines: Readonly<Record<string, string>>;
  readonly sharers?: Readonly<Record<string, readonly string[]>>;
  readonly standings?: Readonly<Record<string, Standing>>;
}

function movesOf({ lines, sharers = { a: ['t'], b: ['t'] }, standings = {} }: Seen) {
  const moves = nextMoves(
    'a',
    Object.entries(sharers).map(([instance, topics]) => ({ instance, topics })),
    Object.entries(lines).map(([name, line]) => {
      const [topic = '', partition] = name.split('/');
      const owner = line.replaceAll('+', '');
      const waitingCount = line.length - owner.length;
      return { partition: { topic, partition: Number(partition) }, owner: owner || undefined, waitingCount };
    }),
    (partition) => standings[partitionText(partition)],
  );
  const { claim, withdraw, handOver, isSettled } = moves;
  return {
    claim: claim.map(partitionText),
    withdraw: withdraw.map(partitionText),
    handOver: handOver.map(partitionText),
    isSettled,
  };
}

const nothing = { claim: [], withdraw: [], handOver: [] };

describe('what an engine does next', () => {
  it('is nothing when it has its part', () => {
    const seen = { lines: { 't/0': 'a', 't/1': 'b' }, standings: { 't/0': 'held' } } as const;
    assert.deepEqual(movesOf(seen), { ...nothing, isSettled: true });
  });

  it('is to stand in line for what shall be its own, whoever has it', () => {
    const moves = movesOf({ lines: { 't/0': 'b', 't/1': 'b', 't/2': 'gone', 't/3': '' } });
    assert.deepEqual([moves.claim.length, moves.isSettled], [2, false]);
  });

  it('is to claim once', () => {
    assert.deepEqual(movesOf({ lines: { 't/0': 'b', 't/1': 'b+' }, standings: { 't/1': 'waiting' } }), {
      ...nothing,
      isSettled: false,
    });
  });

  it('is to leave the line for what shall be another one’s', () => {
    const seen = { lines: { 't/0': 'b+', 't/1': 'a' }, standings: { 't/0': 'waiting', 't/1': 'held' } } as const;
    assert.deepEqual(movesOf(seen), { ...nothing, withdraw: ['t/0'], isSettled: true });
  });

  it('is to hand over what another one waits for, and nothing that nobody waits for', () => {
    const lines = { 't/0': 'a', 't/1': 'a', 't/2': 'a+', 't/3': 'a' };
    const standings = { 't/0': 'held', 't/1': 'held', 't/2': 'held', 't/3': 'held' } as const;
    assert.deepEqual(movesOf({ lines, standings }), { ...nothing, handOver: ['t/2'], isSettled: false });
  });

  it('is not to hand over again what it is about to give up, nor to claim it', () => {
    const seen = { lines: { 't/0': 'a', 't/1': 'a+' }, standings: { 't/0': 'held', 't/1': 'leaving' } } as const;
    assert.deepEqual(movesOf(seen), { ...nothing, isSettled: true });
  });

  it('leaves a topic to those who read it', () => {
    const sharers = { a: ['t', 'only-ours'], b: ['t'] };
    const lines = { 'only-ours/0': '', 'only-ours/1': '', 'theirs/0': '' };
    assert.deepEqual(movesOf({ lines, sharers }).claim, ['only-ours/0', 'only-ours/1']);
  });

  it('is to give everything up when it is no sharer itself', () => {
    const seen = { lines: { 't/0': 'a+' }, sharers: { b: ['t'] }, standings: { 't/0': 'held' } } as const;
    assert.deepEqual(movesOf(seen).handOver, ['t/0']);
  });
});
