import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TopicPartition } from '../../../src/domain/position.js';
import { Carry, plainOffset } from '../../../src/engine/carry.js';
import { type ReadFrom, Term } from '../../../src/engine/term.js';
import type { StoredOffset } from '../../../src/ports/progress.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const alarms: TopicPartition = { topic: 'alarms', partition: 0 };
const retries: TopicPartition = { topic: 'retries', partition: 0 };
const retry = (offset: number | bigint) => ({ ...retries, offset: BigInt(offset) });
const alarm = (offset: number) => ({ ...alarms, offset: BigInt(offset) });

/** A term with an alarm topic and a topic whose source holds what it reads; both are open from the stored position on. */
async function openTerm(stored: StoredOffset = plainOffset(0n), skippedCount = 0n) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const tracker = new FirstUnfinishedTracker({ clock, capacityOf: () => 500_000 });
  const resumed: { readonly partition: TopicPartition; readonly from: ReadFrom }[] = [];
  const lock = { fence: { lockPath: '/lock', epoch: 1n }, lost: new AbortController().signal, release: async () => {} };
  const term = new Term({
    ...{ number: 1, lock, alarmTopic: 'alarms', tracker, carry: new Carry(), clock, telemetry },
    store: { load: () => Promise.resolve(stored), save: () => Promise.resolve() },
    source: { resume: (partition, from) => resumed.push({ partition, from }), pause: () => undefined },
    onFailure: (error) => assert.fail(error),
  });
  for (const { topic } of [alarms, retries]) term.partitionsSeen(topic, [0]);
  await clock.advance(0);
  for (const partition of [alarms, retries]) {
    term.positioned(partition, stored.nextToRead + skippedCount, skippedCount);
  }
  resumed.length = 0;
  const committable = () => tracker.committable(retries)?.nextToRead;
  return { term, tracker, telemetry, resumed, committable };
}

describe('a topic whose source holds what it reads', () => {
  it('is not committed past what is held, whichever is due first', async () => {
    const { term, committable } = await openTerm();
    for (const offset of [0, 1, 2]) term.hold(retry(offset));
    assert.ok(term.release(retry(2)));
    term.finish(retry(2), 'recorded');
    assert.equal(committable(), 0n);
    for (const offset of [0, 1]) {
      assert.ok(term.release(retry(offset)));
      term.finish(retry(offset), 'recorded');
    }
    assert.equal(committable(), 3n);
  });

  it('gives each position to the flow once: not while it is there, not when it is finished, not when it was never held', async () => {
    const { term } = await openTerm();
    term.hold(retry(0));
    assert.deepEqual([term.release(retry(0)), term.release(retry(0))], [true, false]);
    term.hold(retry(0));
    assert.equal(term.release(retry(0)), false);
    term.finish(retry(0), 'recorded');
    assert.deepEqual([term.release(retry(0)), term.release(retry(7))], [false, false]);
  });

  it('is read again from the first unfinished position when its source was replaced, and held again', async () => {
    const { term, resumed, committable } = await openTerm();
    for (const offset of [0, 1, 2, 3, 5]) term.hold(retry(offset));
    for (const offset of [0, 2]) assert.ok(term.release(retry(offset)));
    for (const offset of [0, 2]) term.finish(retry(offset), 'recorded');
    assert.ok(term.release(retry(3)));
    term.sourceReplaced('retries');
    assert.deepEqual(resumed, [
      { partition: retries, from: { nextToRead: 1n, finishedAbove: Uint8Array.of(0b10), committed: 0n } },
    ]);
    term.positioned(retries, 1n, 0n);
    // The new source knows nothing of 3, which is in the flow; 6 is new.
    for (const offset of [1, 3, 5, 6]) term.hold(retry(offset));
    assert.deepEqual(
      [1, 3, 5, 6].map((offset) => term.release(retry(offset))),
      [true, false, true, true],
    );
    for (const offset of [1, 3, 5, 6]) term.finish(retry(offset), 'recorded');
    assert.equal(committable(), 7n);
  });

  it('does not concern the source of alarms when its own was replaced, and the other way round', async () => {
    const { term, resumed } = await openTerm();
    term.begin(alarm(0));
    term.hold(retry(0));
    term.sourceReplaced('alarms');
    term.sourceReplaced('retries');
    assert.deepEqual(
      resumed.map(({ partition, from }) => [partition.topic, from.nextToRead]),
      [
        ['alarms', 1n],
        ['retries', 0n],
      ],
    );
  });

  it('passes what ended in its source, but not what is in the flow', async () => {
    const { term, committable } = await openTerm();
    for (const offset of [0, 1]) term.hold(retry(offset));
    term.release(retry(1));
    term.drop(retry(0));
    term.drop(retry(1));
    assert.equal(committable(), 1n);
    term.finish(retry(1), 'recorded');
    assert.equal(committable(), 2n);
  });

  it('passes what retention took while its source was away, but not what is in the flow', async () => {
    const { term, committable } = await openTerm();
    for (const offset of [0, 1, 2, 3]) term.hold(retry(offset));
    term.release(retry(1));
    term.sourceReplaced('retries');
    term.positioned(retries, 3n, 3n);
    assert.equal(committable(), 1n);
    term.finish(retry(1), 'recorded');
    assert.equal(committable(), 3n);
  });

  it('keeps, as the topic of alarms does, what was finished behind a hole that retention made', async () => {
    const { term, tracker } = await openTerm({ nextToRead: 5n, finishedAbove: Uint8Array.of(0b1010_0010) }, 4n);
    assert.deepEqual(
      [9, 10, 11, 12, 13].map((offset) => term.begin(alarm(offset))),
      [true, false, true, false, true],
    );
    for (const offset of [9, 10, 11, 12, 13]) term.hold(retry(offset));
    assert.deepEqual(
      [9, 10, 11, 12, 13].map((offset) => tracker.isUnfinished(retry(offset))),
      [true, false, true, false, true],
    );
  });

  it('counts as no alarm', async () => {
    const { term, telemetry } = await openTerm();
    term.hold(retry(0));
    term.release(retry(0));
    term.finish(retry(0), 'recorded');
    const counted = [...telemetry.counts].filter(([, count]) => count > 0);
    assert.deepEqual(counted, []);
  });

  it('loses and repeats nothing, whenever its source dies', async () => {
    const act = fc.constantFrom('read', 'due', 'finish', 'die', 'die');
    const property = fc.asyncProperty(
      fc.array(act, { maxLength: 80 }),
      fc.infiniteStream(fc.nat()),
      async (acts, picks) => {
        const { term, tracker, resumed, committable } = await openTerm();
        const pick = <T>(list: readonly T[]): T | undefined => list[Number(picks.next().value ?? 0) % list.length];
        /** What the source has in memory, what was told, and what is being told. */
        const [held, told, flowing] = [new Set<bigint>(), new Map<bigint, number>(), new Set<bigint>()];
        let [next, end] = [0n, 0n];
        let isSkipped = (_offset: bigint) => false;
        const read = () => {
          if (next === end) end += 1n;
          if (!isSkipped(next)) {
            term.hold(retry(next));
            held.add(next);
          }
          next += 1n;
        };
        const due = () => {
          const offset = pick([...held]);
          if (offset === undefined) return;
          held.delete(offset);
          if (!term.release(retry(offset))) return;
          flowing.add(offset);
          told.set(offset, (told.get(offset) ?? 0) + 1);
        };
        const finish = () => {
          const offset = pick([...flowing]);
          if (offset === undefined) return;
          flowing.delete(offset);
          term.finish(retry(offset), 'recorded');
        };
        const die = () => {
          held.clear();
          term.sourceReplaced('retries');
          const { nextToRead = 0n, finishedAbove = new Uint8Array() } = resumed.at(-1)?.from ?? {};
          next = nextToRead;
          isSkipped = (offset) =>
            ((finishedAbove[Number(offset - nextToRead) >> 3] ?? 0) >> (Number(offset - nextToRead) & 7)) % 2 === 1;
        };
        const acting = { read, due, finish, die };
        for (const each of acts) {
          acting[each]();
          const unfinished = [...Array(Number(end)).keys()]
            .map(BigInt)
            .filter((offset) => flowing.has(offset) || !told.has(offset));
          const first = unfinished[0] ?? end;
          assert.ok((committable() ?? 0n) <= first, `committed ${committable()}, but ${first} is unfinished`);
        }
        while (next < end) read();
        while (held.size > 0) due();
        while (flowing.size > 0) finish();
        assert.equal(committable(), end);
        assert.equal(tracker.progress(retries).unfinished, 0);
        assert.deepEqual(
          [...told.values()].filter((count) => count !== 1),
          [],
        );
        assert.equal(BigInt(told.size), end);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});
