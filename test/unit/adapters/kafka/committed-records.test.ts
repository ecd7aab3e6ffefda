import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committedRecords } from '../../../../src/adapters/kafka/committed-records.js';
import type { FetchedPartition, FetchedRecord } from '../../../../src/adapters/kafka/library-types.js';

interface Shape {
  readonly producer?: string;
  readonly isTransactional?: boolean;
  readonly marker?: 'abort' | 'commit';
  readonly key?: Buffer;
  /** First offset of the batch and how many offsets it spans, where it is not a batch of one. */
  readonly batch?: readonly [first: number, span: number];
}

function record(offset: number, shape: Shape = {}): FetchedRecord {
  const [first, span] = shape.batch ?? [offset, 1];
  const markerKey = Buffer.from([0, 0, 0, shape.marker === 'commit' ? 1 : 0]);
  return {
    offset: String(offset),
    timestamp: '1',
    key: shape.marker === undefined ? (shape.key ?? null) : markerKey,
    value: Buffer.from(`v${offset}`),
    isControlRecord: shape.marker !== undefined,
    batchContext: {
      firstOffset: String(first),
      lastOffsetDelta: span - 1,
      producerId: shape.producer ?? '-1',
      inTransaction: shape.isTransactional ?? shape.marker !== undefined,
    },
  };
}

function fetched(
  messages: readonly FetchedRecord[],
  aborted: readonly (readonly [string, number])[] = [],
): FetchedPartition {
  const abortedTransactions = aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) }));
  return { partition: 0, errorCode: 0, highWatermark: '1000', abortedTransactions, messages };
}

function read(from: bigint, partition: FetchedPartition): { offsets: number[]; next: bigint } {
  const { records, next } = committedRecords(from, partition);
  return { offsets: records.map(({ offset }) => Number(offset)), next };
}

test('stays where it is when nothing came', () => {
  assert.deepEqual(read(7n, fetched([])), { offsets: [], next: 7n });
});

test('leaves out what a compressed batch holds below the position', () => {
  const batch = [5, 6, 7, 8].map((offset) => record(offset, { batch: [5, 4] }));
  assert.deepEqual(read(7n, fetched(batch)), { offsets: [7, 8], next: 9n });
});

test('goes behind a batch whose end was compacted away (K8)', () => {
  assert.deepEqual(read(5n, fetched([record(5, { batch: [5, 10] })])), { offsets: [5], next: 15n });
  assert.deepEqual(read(8n, fetched([record(5, { batch: [5, 10] })])), { offsets: [], next: 15n });
});

test('leaves out control records and goes behind them', () => {
  const records = [record(1, { producer: '9', isTransactional: true }), record(2, { producer: '9', marker: 'commit' })];
  assert.deepEqual(read(0n, fetched(records)), { offsets: [1], next: 3n });
});

test('leaves out aborted transactions that overlap, listed by their end', () => {
  const of = (producer: string) => ({ producer, isTransactional: true });
  const records = [
    record(0, of('1')),
    record(1, of('2')),
    record(2, { producer: '2', marker: 'abort' }),
    record(3, of('2')),
    record(4, of('1')),
    record(5, { producer: '1', marker: 'abort' }),
    record(6, of('1')),
  ];
  const aborted = [['2', 1] as const, ['1', 0] as const];
  assert.deepEqual(read(0n, fetched(records, aborted)), { offsets: [3, 6], next: 7n });
  assert.deepEqual(read(1n, fetched(records, aborted)), { offsets: [3, 6], next: 7n });
});

test('a record whose key looks like an abort marker ends no transaction, and a plain one of the same producer is kept', () => {
  const records = [
    record(0, { producer: '1', isTransactional: true, key: Buffer.from([0, 0, 0, 0]) }),
    record(1, { producer: '1', isTransactional: true }),
    record(2, { producer: '1', isTransactional: false }),
  ];
  assert.deepEqual(read(0n, fetched(records, [['1', 0]])).offsets, [2]);
});

test('reads the formats that know no batches', () => {
  const { batchContext, ...old } = record(4);
  assert.ok(batchContext !== undefined);
  assert.deepEqual(read(4n, fetched([old])), { offsets: [4], next: 5n });
});
