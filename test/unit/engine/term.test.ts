import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError, EngineError } from '../../../src/domain/errors.js';
import { plainOffset } from '../../../src/engine/carry.js';
import type { StoredOffset } from '../../../src/ports/progress.js';
import { termPartition as at, newTerm, termPosition as position } from '../../support/term-bench.js';

describe('term', () => {
  it('reads on from the stored position', async () => {
    const { term, clock, resumed, tracker } = newTerm(() => Promise.resolve(plainOffset(7n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual(resumed, [{ partition: at, nextToRead: 7n }]);
    term.positioned(at, 7n, 0n);
    assert.equal(term.begin(position(7)), true);
    assert.equal(tracker.committable(at)?.nextToRead, 7n);
  });

  it('asks for the earliest offset where nothing was ever stored', async () => {
    const { term, clock, resumed } = newTerm();
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual(resumed, [{ partition: at, nextToRead: undefined }]);
  });

  it('takes in nothing of a partition before it is positioned, or after the term has ended', async () => {
    const { term, clock } = newTerm();
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
    const { term, clock } = newTerm(() => Promise.resolve({ nextToRead: 5n, finishedAbove: Uint8Array.of(0b10) }));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 5n, 0n);
    assert.deepEqual(
      [5, 6, 7].map((offset) => term.begin(position(offset))),
      [true, false, true],
    );
  });

  it('tells and counts what retention took before it was read', async () => {
    const { term, clock, telemetry } = newTerm(() => Promise.resolve(plainOffset(5n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 15n, 10n);
    assert.equal(telemetry.counts.get('skipped_by_broker_total t 0'), 10);
    assert.equal(telemetry.named('offsets_skipped').length, 1);
    assert.equal(term.begin(position(15)), true);
  });

  it('counts from 0 what retention takes, as soon as it has a partition', () => {
    const { term, telemetry } = newTerm();
    term.partitionsSeen('t', [0, 1]);
    const count = (partition: number) => telemetry.counts.get(`skipped_by_broker_total t ${partition}`);
    assert.deepEqual([count(0), count(1), count(2)], [0, 0, undefined]);
  });

  it('refuses a source that begins elsewhere without saying what it skipped', async () => {
    const { term, clock } = newTerm(() => Promise.resolve(plainOffset(5n)));
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

  it('does not hand out again what was finished behind a hole that retention made', async () => {
    const { term, clock } = newTerm(() =>
      Promise.resolve({ nextToRead: 5n, finishedAbove: Uint8Array.of(0b1010_0010) }),
    );
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 9n, 4n);
    assert.deepEqual(
      [9, 10, 11, 12, 13].map((offset) => term.begin(position(offset))),
      [true, false, true, false, true],
    );
  });

  it('halts a partition that ends before its position, and says how to go on', async () => {
    const { term, clock, telemetry } = newTerm(() => Promise.resolve(plainOffset(500n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.halt(at, { nextToRead: 500n, logStart: 0n, logEnd: 3n });
    assert.deepEqual(term.halted, [at]);
    assert.match(
      String(telemetry.named('partition_halted')[0]?.detail),
      /t\/0 goes on at 500 but Kafka holds 0 to 3.*offsets set t\/0=OFFSET/,
    );
    assert.equal(term.begin(position(0)), false);
  });

  it('tells a replaced source where to go on: at the read position, not at the committed one', async () => {
    const { term, clock, resumed } = newTerm(() => Promise.resolve(plainOffset(5n)));
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
    const { term, clock, resumed } = newTerm(() => {
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
    const { term, clock, resumed, failures } = newTerm(() =>
      Promise.reject(new ConfigurationError('STORE_DAMAGED', '/x holds "abc"')),
    );
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    assert.deepEqual([resumed.length, failures.map((error) => error.code)], [0, ['STORE_DAMAGED']]);
  });

  it('takes up a partition that was added to the topic, and each only once', async () => {
    const { term, clock, resumed } = newTerm();
    term.partitionsSeen('t', [0]);
    term.partitionsSeen('t', [0, 1]);
    await clock.advance(0);
    assert.deepEqual(
      resumed.map(({ partition }) => partition.partition),
      [0, 1],
    );
  });

  it('closes also a partition that halted under way: a later term must not commit it from where it was', async () => {
    const first = newTerm(() => Promise.resolve(plainOffset(5n)));
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

  it('asks for nothing when it ended while its positions were loaded, and loads no more', async () => {
    let answer: (stored: StoredOffset) => void = () => undefined;
    const { term, clock, resumed } = newTerm(() => new Promise((resolve) => (answer = resolve)));
    term.partitionsSeen('t', [0]);
    term.end();
    answer(plainOffset(5n));
    await clock.advance(5_000);
    assert.deepEqual([resumed, clock.waitingCount], [[], 0]);
  });

  it('ends its waiting for a store that is away when it ends', async () => {
    let tries = 0;
    const { term, clock } = newTerm(() => {
      tries += 1;
      return Promise.reject(new EngineError('STORE_UNAVAILABLE', 'away', { retriable: true }));
    });
    term.partitionsSeen('t', [0]);
    await clock.advance(1_500);
    term.end();
    await clock.advance(5_000);
    assert.deepEqual([tries, clock.waitingCount], [2, 0]);
  });

  it('reads on in a partition that halted, once its source has a position in it', async () => {
    const { term, clock } = newTerm(() => Promise.resolve(plainOffset(5n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.halt(at, { nextToRead: 5n, logStart: 0n, logEnd: 1n });
    term.positioned(at, 5n, 0n);
    assert.deepEqual([term.halted, term.begin(position(5))], [[], true]);
  });

  it('counts an alarm as finished once, however often it is answered for', async () => {
    const { term, clock, telemetry } = newTerm(() => Promise.resolve(plainOffset(0n)));
    term.partitionsSeen('t', [0]);
    await clock.advance(0);
    term.positioned(at, 0n, 0n);
    term.begin(position(0));
    term.finish(position(0), 'recorded');
    term.finish(position(0), 'recorded');
    assert.equal(telemetry.counts.get('alarms_finished_total recorded'), 1);
  });
});
