import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublishLane } from '../../../../src/adapters/kafka/publish-lane.js';
import { EngineError } from '../../../../src/domain/errors.js';

const never = new AbortController().signal;
const refusal = new EngineError('RECORD_REFUSED', 'too large', { retriable: false });

function lane(values: readonly string[]): { lane: PublishLane; results: Promise<PromiseSettledResult<void>[]> } {
  const opened = new PublishLane();
  const added = values.map((value) => opened.add({ key: 'k', value, headers: {} }, never));
  return { lane: opened, results: Promise.allSettled(added) };
}

const valuesOf = (batch: ReturnType<PublishLane['batch']>) => batch.map(({ record }) => record.value);

test('gives the same batch until it is acknowledged, then what came after it', async () => {
  const { lane: opened, results } = lane(['a', 'b']);
  const first = opened.batch();
  const later = opened.add({ key: 'k', value: 'c', headers: {} }, never);
  assert.deepEqual(valuesOf(first), ['a', 'b']);
  opened.acknowledged(first);
  assert.deepEqual(
    (await results).map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  );
  assert.deepEqual(valuesOf(opened.batch()), ['c']);
  opened.acknowledged(opened.batch());
  await later;
  assert.equal(opened.isEmpty, true);
});

test('a batch holds 500 records or 900 kB, and always one', () => {
  const many = lane(Array.from({ length: 700 }, () => 'x')).lane;
  assert.equal(many.batch().length, 500);
  const large = lane(['a'.repeat(500_000), 'b'.repeat(500_000), 'c'.repeat(2_000_000)]).lane;
  for (const letter of ['a', 'b', 'c']) {
    const batch = large.batch();
    assert.deepEqual(
      valuesOf(batch).map((value) => String(value)[0]),
      [letter],
    );
    large.acknowledged(batch);
  }
});

test('a refused batch comes in halves until the one at fault is alone', async () => {
  const values = ['a', 'b', 'bad', 'c', 'd'];
  const { lane: opened, results } = lane(values);
  const written: unknown[] = [];
  for (let round = 0; round < 20 && !opened.isEmpty; round += 1) {
    const batch = opened.batch();
    if (valuesOf(batch).includes('bad')) opened.refused(batch, refusal);
    else {
      written.push(...valuesOf(batch));
      opened.acknowledged(batch);
    }
  }
  assert.deepEqual(written, ['a', 'b', 'c', 'd']);
  assert.deepEqual(
    (await results).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
});

test('what is given up leaves the lane and is rejected at once', async () => {
  const opened = new PublishLane();
  const giveUp = new AbortController();
  const given = opened.add({ key: 'k', value: 'a', headers: {} }, giveUp.signal);
  const kept = opened.add({ key: 'k', value: 'b', headers: {} }, never);
  const batch = opened.batch();
  giveUp.abort();
  await assert.rejects(given, { code: 'ABORTED' });
  assert.deepEqual(valuesOf(opened.batch()), ['b']);
  opened.acknowledged(batch);
  await kept;
  await assert.rejects(opened.add({ key: 'k', value: 'c', headers: {} }, AbortSignal.abort()), { code: 'ABORTED' });
});
