import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError, EngineError } from '../../../src/domain/errors.js';
import type { Offset, TopicPartition } from '../../../src/domain/position.js';
import { Carry, plainOffset } from '../../../src/engine/carry.js';
import { Term } from '../../../src/engine/term.js';
import type { StoredOffset } from '../../../src/ports/progress.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const at: TopicPartition = { topic: 't', partition: 0 };
const position = (offset: number) => ({ ...at, offset: BigInt(offset) });

function setUp(load: () => Promise<StoredOffset | undefined> = () => Promise.resolve(undefined), carry = new Carry()) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const tracker = new FirstUnfinishedTracker({ clock, capacityOf: () => 20_000 });
  const resumed: { partition: TopicPartition; nextToRead: Offset | undefined }[] = [];
  const committed: (Offset | undefined)[] = [];
  const failures: EngineError[] = [];
  const term = new Term({
    number: 1,
    alarmTopic: 't',
    lock: {
      fence: { lockPath: '/lock', epoch: 1n },
      lost: new AbortController().signal,
      release: () => Promise.resolve(),
    },
    tracker,
    store: { load, save: () => Promise.resolve() },
    carry,
    source: {
      resume(partition, from) {
        resumed.push({ partition, nextToRead: from.nextToRead });
        committed.push(from.committed);
      },
    },
    clock,
    telemetry,
    onFailure: (error) => failures.push(error),
  });
  return { term, tracker, clock, telemetry, resumed, committed, failures, carry };
}

describe('term', () => {
  it('reads on from the stored position', async () => {
    const { term, clock, resumed, tracker } = setUp(() => Promise.resolve(plainOffset(7n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual(resumed, [{ partition: at, nextToRead: 7n }]);
    term.positioned(at, 7n, 0n);
    assert.equal(term.begin(position(7)), true);
    assert.equal(tracker.committable(at)?.nextToRead, 7n);
  });

  it('asks for the earliest offset where nothing was ever stored', async () => {
    const { term, clock, resumed } = setUp();
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual(resumed, [{ partition: at, nextToRead: undefined }]);
  });

  it('takes in nothing of a partition before it is positioned, or after the term has ended', async () => {
    const { term, clock } = setUp();
    assert.equal(term.begin(position(0)), false);
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.equal(term.begin(position(0)), false);
    term.positioned(at, 0n, 0n);
    assert.equal(term.begin(position(0)), true);
    term.end();
    assert.equal(term.begin(position(1)), false);
  });

  it('does not hand out again what was finished above the stored position', async () => {
    const { term, clock } = setUp(() => Promise.resolve({ nextToRead: 5n, finishedAbove: Uint8Array.of(0b10) }));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 5n, 0n);
    assert.deepEqual(
      [5, 6, 7].map((offset) => term.begin(position(offset))),
      [true, false, true],
    );
  });

  it('tells and counts what retention took before it was read', async () => {
    const { term, clock, telemetry } = setUp(() => Promise.resolve(plainOffset(5n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 15n, 10n);
    assert.equal(telemetry.counts.get('skipped_by_broker_total t 0'), 10);
    assert.equal(telemetry.named('offsets_skipped').length, 1);
    assert.equal(term.begin(position(15)), true);
  });

  it('refuses a source that begins elsewhere without saying what it skipped', async () => {
    const { term, clock } = setUp(() => Promise.resolve(plainOffset(5n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    for (const [nextToRead, skipped] of [
      [6n, 0n],
      [4n, 0n],
      [15n, 9n],
    ] as const) {
      assert.throws(() => term.positioned(at, nextToRead, skipped), { code: 'PROTOCOL_VIOLATED' });
    }
    assert.equal(term.begin(position(5)), false);
  });

  it('halts a partition that ends before its position, and says how to go on', async () => {
    const { term, clock, telemetry } = setUp(() => Promise.resolve(plainOffset(500n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.halt(at, { nextToRead: 500n, logStart: 0n, logEnd: 3n });
    assert.deepEqual(term.halted, [at]);
    assert.match(
      String(telemetry.named('partition_halted')[0]?.detail),
      /t\/0 is committed at 500 but Kafka holds 0 to 3.*offsets set t\/0=OFFSET/,
    );
    assert.equal(term.begin(position(0)), false);
  });

  it('tells a replaced source where to go on: at the read position, not at the committed one', async () => {
    const { term, clock, resumed } = setUp(() => Promise.resolve(plainOffset(5n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.sourceReplaced('t');
    term.positioned(at, 5n, 0n);
    term.begin(position(5));
    term.begin(position(6));
    term.sourceReplaced('t');
    assert.deepEqual(
      resumed.map(({ nextToRead }) => nextToRead),
      [5n, 5n, 7n],
    );
  });

  it('waits until the stored position can be read', async () => {
    let tries = 0;
    const { term, clock, resumed } = setUp(() => {
      tries += 1;
      if (tries === 1) return Promise.reject(new EngineError('STORE_UNAVAILABLE', 'away', { retriable: true }));
      return Promise.resolve(plainOffset(3n));
    });
    term.partitionsSeen('t', [0]);
    await clock.advance(2_000);
    assert.deepEqual(
      resumed.map(({ nextToRead }) => nextToRead),
      [3n],
    );
  });

  it('fails on a damaged position instead of guessing one', async () => {
    const { term, clock, resumed, failures } = setUp(() =>
      Promise.reject(new ConfigurationError('STORE_DAMAGED', '/x holds "abc"')),
    );
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual([resumed.length, failures.map((error) => error.code)], [0, ['STORE_DAMAGED']]);
  });

  it('takes up a partition that was added to the topic, and each only once', async () => {
    const { term, clock, resumed } = setUp();
    term.partitionsSeen('t', [0]);
    term.partitionsSeen('t', [0, 1]);
    await clock.advance(0);
    assert.deepEqual(
      resumed.map(({ partition }) => partition.partition),
      [0, 1],
    );
  });

  it('carries what was finished since the last commit into the next term of the same engine', async () => {
    const stored = plainOffset(5n);
    const first = setUp(() => Promise.resolve(stored));
    first.term.partitionsSeen('t', [0]);
    await first.clock.advance(0);
    first.term.positioned(at, 5n, 0n);
    for (const offset of [5, 6, 7]) first.term.begin(position(offset));
    first.term.finish(position(5), 'recorded');
    first.term.finish(position(7), 'recorded');
    first.term.end();
    const second = setUp(() => Promise.resolve(stored), first.carry);
    second.term.partitionsSeen('t', [0]);
    await second.clock.advance(0);
    assert.equal(second.resumed[0]?.nextToRead, 6n);
    second.term.positioned(at, 6n, 0n);
    assert.deepEqual(
      [6, 7].map((offset) => second.term.begin(position(offset))),
      [true, false],
    );
  });

  it('closes also a partition that halted under way: a later term must not commit it from where it was', async () => {
    const first = setUp(() => Promise.resolve(plainOffset(5n)));
    first.term.partitionsSeen('t', [0]);
    await first.clock.advance(0);
    first.term.positioned(at, 5n, 0n);
    first.term.begin(position(5));
    first.term.halt(at, { nextToRead: 6n, logStart: 0n, logEnd: 1n });
    assert.equal(first.term.begin(position(6)), false);
    first.term.finish(position(5), 'recorded');
    assert.equal(first.tracker.committable(at)?.nextToRead, 6n);
    first.term.end();
    assert.deepEqual(first.tracker.openPartitions(), []);
  });

  it('carries it on through a term that ended before reading began', async () => {
    const stored = plainOffset(5n);
    const carry = new Carry();
    carry.keep(at, [stored], plainOffset(9n));
    const short = setUp(() => Promise.resolve(stored), carry);
    short.term.partitionsSeen('t', [0]);
    await short.clock.advance(0);
    short.term.end();
    assert.deepEqual(carry.onto(at, stored), plainOffset(9n));
  });

  it('asks for nothing when it ended while its positions were loaded, and loads no more', async () => {
    let answer: (stored: StoredOffset) => void = () => undefined;
    const { term, clock, resumed } = setUp(() => new Promise((resolve) => (answer = resolve)));
    term.partitionsSeen('t', [0]);
    term.end();
    answer(plainOffset(5n));
    await clock.advance(5_000);
    assert.deepEqual([resumed, clock.waitingCount], [[], 0]);
  });

  it('ends its waiting for a store that is away when it ends', async () => {
    let tries = 0;
    const { term, clock } = setUp(() => {
      tries += 1;
      return Promise.reject(new EngineError('STORE_UNAVAILABLE', 'away', { retriable: true }));
    });
    term.partitionsSeen('t', [0]);
    await clock.advance(1_500);
    term.end();
    await clock.advance(5_000);
    assert.deepEqual([tries, clock.waitingCount], [2, 0]);
  });

  it('carries it also onto a commit whose answer was lost, and onto nothing stored at all', async () => {
    for (const [before, after] of [
      [plainOffset(5n), plainOffset(6n)],
      [undefined, undefined],
    ]) {
      const first = setUp(() => Promise.resolve(before));
      first.term.partitionsSeen('t', [0]);
      await first.clock.advance(0);
      first.term.positioned(at, 5n, 0n);
      for (const offset of [5, 6, 7]) first.term.begin(position(offset));
      first.term.finish(position(5), 'recorded');
      if (after !== undefined) first.term.committing([{ partition: at, stored: after }]);
      first.term.finish(position(6), 'recorded');
      first.term.end();
      const second = setUp(() => Promise.resolve(after), first.carry);
      second.term.partitionsSeen('t', [0]);
      await second.clock.advance(0);
      assert.equal(second.resumed[0]?.nextToRead, 7n);
    }
  });

  it('counts the window from what is stored, not from what it carries over', async () => {
    const carry = new Carry();
    carry.keep(at, [plainOffset(5n)], plainOffset(9n));
    const { term, clock, resumed, committed } = setUp(() => Promise.resolve(plainOffset(5n)), carry);
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

  it('reads on in a partition that halted, once its source has a position in it', async () => {
    const { term, clock } = setUp(() => Promise.resolve(plainOffset(5n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.halt(at, { nextToRead: 5n, logStart: 0n, logEnd: 1n });
    term.positioned(at, 5n, 0n);
    assert.deepEqual([term.halted, term.begin(position(5))], [[], true]);
  });

  it('counts an alarm as finished once, however often it is answered for', async () => {
    const { term, clock, telemetry } = setUp(() => Promise.resolve(plainOffset(0n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 0n, 0n);
    term.begin(position(0));
    term.finish(position(0), 'recorded');
    term.finish(position(0), 'recorded');
    assert.equal(telemetry.counts.get('alarms_finished_total recorded'), 1);
  });
});
