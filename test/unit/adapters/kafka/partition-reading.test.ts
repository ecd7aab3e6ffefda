import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PartitionReading } from '../../../../src/adapters/kafka/partition-reading.js';
import type { RawAlarm } from '../../../../src/domain/alarm.js';

const at = { topic: 'alarms', partition: 0 };

function alarm(offset: bigint, bytes = 10): RawAlarm {
  return { position: { ...at, offset }, value: new Uint8Array(bytes), recordedAtMs: 0 };
}

function alarms(...offsets: number[]): RawAlarm[] {
  return offsets.map((offset) => alarm(BigInt(offset)));
}

function offsetsOf(batch: readonly RawAlarm[]): number[] {
  return batch.map(({ position }) => Number(position.offset));
}

test('takes only what lies below the limit, and more when the commit moves (D4)', () => {
  const reading = new PartitionReading(at, { nextToRead: 0n, limit: 3n }, 3n);
  reading.add(0n, alarms(0, 1, 2, 3, 4), 5n);
  assert.deepEqual(offsetsOf(reading.take(100)), [0, 1, 2]);
  assert.deepEqual(offsetsOf(reading.take(100)), []);
  reading.commit(1n);
  assert.deepEqual(offsetsOf(reading.take(100)), [3]);
});

test('keeps to the window of what an earlier worker read and nobody has committed', () => {
  const reading = new PartitionReading(at, { nextToRead: 8n, limit: 10n }, 10n);
  reading.add(8n, alarms(8, 9, 10), 11n);
  assert.deepEqual(offsetsOf(reading.take(100)), [8, 9]);
});

test('asks once where reading begins, even when nothing may be taken yet', () => {
  const reading = new PartitionReading(at, { nextToRead: 8n, limit: 8n }, 5n);
  assert.equal(reading.wantsMore(), true);
  reading.isBegun = true;
  assert.equal(reading.wantsMore(), false);
  reading.commit(4n);
  assert.equal(reading.wantsMore(), true);
});

test('crosses any gap once everything taken is committed', () => {
  const reading = new PartitionReading(at, { nextToRead: 0n, limit: 5n }, 5n);
  reading.add(0n, alarms(0, 900, 901), 902n);
  assert.deepEqual(offsetsOf(reading.take(100)), [0]);
  assert.equal(reading.wantsMore(), false);
  reading.commit(1n);
  assert.deepEqual(offsetsOf(reading.take(100)), [900]);
  reading.commit(901n);
  assert.deepEqual(offsetsOf(reading.take(100)), [901]);
});

test('a commit that arrives late narrows nothing', () => {
  const reading = new PartitionReading(at, { nextToRead: 0n, limit: 2n }, 2n);
  reading.commit(10n);
  reading.commit(3n);
  reading.add(0n, alarms(11), 12n);
  assert.deepEqual(offsetsOf(reading.take(1)), [11]);
});

test('drops the answer to a fetch from elsewhere', () => {
  const reading = new PartitionReading(at, { nextToRead: 5n, limit: undefined }, 10n);
  assert.equal(reading.add(4n, alarms(4), 5n), false);
  assert.deepEqual(offsetsOf(reading.take(10)), []);
  assert.equal(reading.position, 5n);
});

test('wants no more while enough waits, by count or by bytes, and none when halted', () => {
  const large = new PartitionReading(at, { nextToRead: 0n, limit: undefined }, 1000n);
  assert.equal(large.wantsMore(), true);
  large.add(0n, [alarm(0n, 2_000_000)], 1n);
  assert.equal(large.wantsMore(), false);
  large.take(1);
  assert.equal(large.wantsMore(), true);
  large.isHalted = true;
  assert.equal(large.wantsMore(), false);
  assert.equal(large.wantsEdges(), false);
});

test('asks for the beginning of the log when it has no position, and starts its window there', () => {
  const reading = new PartitionReading(at, { nextToRead: undefined, limit: undefined }, 2n);
  assert.equal(reading.wantsEdges(), true);
  assert.equal(reading.wantsMore(), false);
  reading.startAt(100n);
  assert.equal(reading.wantsEdges(), false);
  reading.add(100n, alarms(100, 101, 102), 103n);
  assert.deepEqual(offsetsOf(reading.take(10)), [100, 101]);
});

test('whatever the gaps, everything is taken once, in order, within the window or behind all that is committed', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 7 }), (steps, window, chunk) => {
      let last = 0;
      const offsets = steps.map((step) => {
        last += step;
        return last;
      });
      const reading = new PartitionReading(at, { nextToRead: 0n, limit: BigInt(window) }, BigInt(window));
      const taken: number[] = [];
      let committed = 0;
      let given = 0;
      for (let round = 0; round < 10_000 && taken.length < offsets.length; round += 1) {
        if (reading.wantsMore() && given < offsets.length) {
          const part = offsets.slice(given, given + chunk);
          reading.add(reading.position ?? 0n, alarms(...part), BigInt((part.at(-1) ?? 0) + 1));
          given += part.length;
        }
        const readUpTo = (taken.at(-1) ?? -1) + 1;
        const batch = offsetsOf(reading.take(chunk));
        for (const [index, offset] of batch.entries()) {
          assert.ok(offset < committed + window || (index === 0 && committed >= readUpTo));
        }
        taken.push(...batch);
        if (batch.length === 0 && taken.length > 0) committed = (taken.at(-1) ?? 0) + 1;
        reading.commit(BigInt(committed));
      }
      assert.deepEqual(taken, offsets);
    }),
  );
});
