import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TopicPartition } from '../../../src/domain/position.js';
import { Carry, plainOffset } from '../../../src/engine/carry.js';
import { type ReadFrom, Term } from '../../../src/engine/term.js';
import type { StoredOffset } from '../../../src/ports/progress.js';
import { FirstUnfinishedTracker } from '../../../src/tracker/offset-tracker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const alarms = { topic: 'alarms', partition: 0 };
const retries = { topic: 'retries', partition: 0 };
const at = (partition: TopicPartition, offset: number) => ({ ...partition, offset: BigInt(offset) });
const lockOf = (lockPath: string) => ({
  fence: { lockPath, epoch: 1n },
  lost: new AbortController().signal,
  release: async () => {},
});

/** A term in which partitions are owned one by one. */
class Bench {
  readonly clock = new FakeClock();
  readonly tracker = new FirstUnfinishedTracker({ clock: this.clock, capacityOf: () => 100 });
  readonly told: string[] = [];
  load: () => Promise<StoredOffset> = () => Promise.resolve(plainOffset(5n));
  readonly term = new Term({
    ...{ number: 1, lock: undefined, alarmTopic: 'alarms', tracker: this.tracker, carry: new Carry() },
    ...{ clock: this.clock, telemetry: new RecordingTelemetry() },
    store: { load: () => this.load(), save: () => Promise.resolve() },
    source: {
      resume: ({ topic }: TopicPartition, { nextToRead }: ReadFrom) => this.told.push(`${topic} from ${nextToRead}`),
      pause: ({ topic }: TopicPartition) => this.told.push(`no ${topic}`),
    },
    onFailure: (error) => assert.fail(error),
  });

  async open(partition: TopicPartition): Promise<void> {
    this.term.take(partition, lockOf(`/lock/${partition.topic}`));
    await this.clock.advance(0);
    this.term.positioned(partition, 5n, 0n);
    this.told.length = 0;
  }
}

describe('a term with single partitions', () => {
  it('takes up none by itself, and is active while it has one', async () => {
    const { term, told, clock } = new Bench();
    term.partitionsSeen('alarms', [0, 1]);
    await clock.advance(0);
    assert.deepEqual([told, term.isActive], [[], false]);
    term.take(alarms, lockOf('/lock'));
    await clock.advance(0);
    assert.deepEqual([told, term.isActive], [['alarms from 5'], true]);
  });

  it('commits each under its own lock, and none that is not its own', async () => {
    const bench = new Bench();
    await bench.open(alarms);
    await bench.open(retries);
    assert.equal(bench.term.fenceOf(alarms)?.lockPath, '/lock/alarms');
    assert.equal(bench.term.fenceOf(retries)?.lockPath, '/lock/retries');
    bench.term.leave(alarms);
    assert.equal(bench.term.fenceOf(alarms), undefined);
    assert.deepEqual(bench.tracker.openPartitions(), [retries]);
  });

  it('begins nothing of a paused partition, finishes what is in the flow, and reads on where it was', async () => {
    const bench = new Bench();
    await bench.open(alarms);
    const { term, told } = bench;
    term.begin(at(alarms, 5));
    term.pause(alarms);
    assert.deepEqual([told.splice(0), term.inFlowCount(alarms)], [['no alarms'], 1]);
    assert.equal(term.begin(at(alarms, 6)), false);
    term.sourceReplaced('alarms');
    term.finish(at(alarms, 5), 'recorded');
    assert.deepEqual([told, term.inFlowCount(alarms)], [[], 0]);
    term.goOn(alarms);
    assert.deepEqual(told, ['alarms from 6']);
    assert.equal(term.begin(at(alarms, 6)), true);
  });

  it('counts of what waits for its time only what is in the flow, and holds the rest again after a pause', async () => {
    const bench = new Bench();
    await bench.open(retries);
    const { term, told } = bench;
    for (const offset of [5, 6]) term.hold(at(retries, offset));
    assert.equal(term.inFlowCount(retries), 0);
    assert.equal(term.release(at(retries, 6)), true);
    assert.equal(term.inFlowCount(retries), 1);
    term.pause(retries);
    assert.equal(term.release(at(retries, 5)), false);
    term.finish(at(retries, 6), 'recorded');
    assert.equal(term.inFlowCount(retries), 0);
    assert.deepEqual(bench.tracker.committable(retries), { nextToRead: 5n, finishedAbove: Uint8Array.of(0b10) });
    term.goOn(retries);
    assert.deepEqual(told, ['no retries', 'retries from 5']);
  });

  it('forgets a partition that it leaves while it is still loading, and takes it anew', async () => {
    const bench = new Bench();
    let answer: (stored: StoredOffset) => void = () => undefined;
    bench.load = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    bench.term.take(alarms, lockOf('/first'));
    const late = answer;
    bench.term.leave(alarms);
    bench.term.take(alarms, lockOf('/second'));
    late(plainOffset(5n));
    await bench.clock.advance(0);
    assert.deepEqual(bench.told, []);
    answer(plainOffset(9n));
    await bench.clock.advance(0);
    assert.deepEqual(bench.told, ['alarms from 9']);
  });

  it('asks for a partition that was paused while it loaded only when it goes on', async () => {
    const bench = new Bench();
    bench.term.take(alarms, lockOf('/lock'));
    bench.term.pause(alarms);
    await bench.clock.advance(0);
    assert.deepEqual(bench.told, ['no alarms']);
    bench.term.goOn(alarms);
    assert.deepEqual(bench.told, ['no alarms', 'alarms from 5']);
  });
});
