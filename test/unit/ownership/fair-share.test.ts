import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fairShare } from '../../../src/ownership/fair-share.js';

type Owners = ReadonlyMap<number, string>;

const shareOf = (members: readonly string[], partitions: readonly number[], owners: Owners, topic = 'alarms') =>
  fairShare({ topic, members, partitions, ownerOf: (partition) => owners.get(partition) });

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const countsOf = (share: Owners, members: readonly string[]) =>
  members.map((member) => [...share.values()].filter((owner) => owner === member).length);
const movedCount = (share: Owners, owners: Owners) =>
  [...share].filter(([partition, owner]) => owners.get(partition) !== owner).length;

/** By trying: the fewest partitions that must change hands before all have as many as any other, give or take one. */
function fewestMoves(members: readonly string[], partitions: readonly number[], owners: Owners): number {
  const least = Math.floor(partitions.length / members.length);
  const moreCount = partitions.length % members.length;
  const owned = members.map((member) => partitions.filter((partition) => owners.get(partition) === member).length);
  let most = 0;
  for (let choice = 0; choice < 1 << members.length; choice += 1) {
    const hasMore = members.map((_, index) => (choice >> index) & 1);
    if (hasMore.reduce((sum, more) => sum + more, 0) !== moreCount) continue;
    const kept = owned.reduce((sum, count, index) => sum + Math.min(count, least + (hasMore[index] ?? 0)), 0);
    most = Math.max(most, kept);
  }
  return partitions.length - most;
}

/** Some engines, some partitions, and who has them: members, one who is gone, or nobody. */
const situations = fc
  .record({
    members: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1 }),
    partitions: fc.uniqueArray(fc.nat(20), { maxLength: 15 }),
    owners: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'gone', undefined), {
      minLength: 21,
      maxLength: 21,
    }),
    topic: fc.string({ maxLength: 5 }),
  })
  .map(({ owners, ...rest }) => ({
    ...rest,
    owners: new Map(owners.flatMap((owner, partition) => (owner === undefined ? [] : [[partition, owner] as const]))),
  }));

const runs = { numRuns: 2_000 };

describe('the fair share', () => {
  it('of twelve partitions among three is four each, and six each when one leaves', () => {
    const three = shareOf(['a', 'b', 'c'], upTo(12), new Map());
    assert.deepEqual(countsOf(three, ['a', 'b', 'c']), [4, 4, 4]);
    const two = shareOf(['a', 'c'], upTo(12), three);
    assert.deepEqual(countsOf(two, ['a', 'c']), [6, 6]);
    assert.equal(movedCount(two, three), 4);
  });

  it('is nothing without engines, and everything for one alone', () => {
    assert.equal(shareOf([], upTo(3), new Map()).size, 0);
    assert.deepEqual(countsOf(shareOf(['a'], upTo(3), new Map()), ['a']), [3]);
  });

  it('leaves an engine without any where there are fewer partitions than engines', () => {
    assert.deepEqual(countsOf(shareOf(['a', 'b', 'c'], [0], new Map([[0, 'c']])), ['a', 'b', 'c']), [0, 0, 1]);
  });

  it('gives the odd partitions of different topics to different engines', () => {
    const owners = new Set(['t1', 't2', 't3'].map((topic) => shareOf(['a', 'b', 'c'], [0], new Map(), topic).get(0)));
    assert.equal(owners.size, 3);
  });

  it('gives every partition to one member, and each member as many as any other, give or take one', () => {
    fc.assert(
      fc.property(situations, ({ members, partitions, owners, topic }) => {
        const share = shareOf(members, partitions, owners, topic);
        assert.deepEqual([...share.keys()].sort(), [...partitions].sort());
        const counts = countsOf(share, members);
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          partitions.length,
        );
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
      }),
      runs,
    );
  });

  it('moves no partition that need not move', () => {
    fc.assert(
      fc.property(situations, ({ members, partitions, owners, topic }) => {
        const share = shareOf(members, partitions, owners, topic);
        assert.equal(movedCount(share, owners), fewestMoves(members, partitions, owners));
      }),
      runs,
    );
  });

  it('does not depend on the order in which members and partitions are named', () => {
    fc.assert(
      fc.property(situations, ({ members, partitions, owners, topic }) => {
        const other = shareOf([...members].reverse(), [...partitions].reverse(), owners, topic);
        assert.deepEqual([...other].sort(), [...shareOf(members, partitions, owners, topic)].sort());
      }),
      runs,
    );
  });

  it('stays what it is while it is carried out, whatever has been released or taken up by then', () => {
    const steps = fc.array(fc.constantFrom('not yet', 'released', 'taken'), { minLength: 21, maxLength: 21 });
    fc.assert(
      fc.property(situations, steps, ({ members, partitions, owners, topic }, progress) => {
        const share = shareOf(members, partitions, owners, topic);
        const meanwhile = new Map<number, string>(owners);
        for (const [partition, owner] of share) {
          if (owners.get(partition) === owner || progress[partition] === 'not yet') continue;
          if (progress[partition] === 'taken') meanwhile.set(partition, owner);
          else meanwhile.delete(partition);
        }
        assert.deepEqual([...shareOf(members, partitions, meanwhile, topic)].sort(), [...share].sort());
      }),
      runs,
    );
  });
});
