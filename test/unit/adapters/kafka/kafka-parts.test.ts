import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Brokers } from '../../../../src/adapters/kafka/brokers.js';
import { parseBrokerAddress } from '../../../../src/adapters/kafka/connection-options.js';
import { lastingFailure } from '../../../../src/adapters/kafka/kafka-failure.js';
import { loadLibrary } from '../../../../src/adapters/kafka/library.js';
import { Metadata } from '../../../../src/adapters/kafka/metadata.js';
import { partitionOfKey } from '../../../../src/adapters/kafka/partition-of-key.js';
import { pauseMs } from '../../../../src/adapters/kafka/waiting.js';

test('the installed client library is the one that the adapters know', () => {
  assert.equal(typeof loadLibrary().Broker, 'function');
});

test('broker addresses: name, v4, v6, default port; anything else is named', () => {
  assert.deepEqual(parseBrokerAddress('kafka-1:9093'), { host: 'kafka-1', port: 9093 });
  assert.deepEqual(parseBrokerAddress(' 10.0.0.1 '), { host: '10.0.0.1', port: 9092 });
  assert.deepEqual(parseBrokerAddress('[::1]:9094'), { host: '::1', port: 9094 });
  for (const text of ['', 'a b', 'kafka:0', 'kafka:70000', '::1:9092', 'http://kafka:9092']) {
    assert.throws(() => parseBrokerAddress(text), { code: 'CONFIG_INVALID' }, text);
  }
});

test('a key always has the same partition, and keys use all of them', () => {
  assert.equal(partitionOfKey('pfE2nWlSFy3yvHgBfTYg2g', 6), partitionOfKey('pfE2nWlSFy3yvHgBfTYg2g', 6));
  assert.deepEqual([partitionOfKey('', 7), partitionOfKey('a', 7), partitionOfKey('ключ', 7)], [2, 5, 4]);
  const used = new Set(Array.from({ length: 200 }, (_, index) => partitionOfKey(`id-${index}`, 12)));
  assert.equal(used.size, 12);
});

test('pauses double from 100 ms to 2 s, with jitter in the upper half', () => {
  assert.deepEqual(
    [1, 2, 3, 6, 1000].map((failures) => pauseMs(failures, () => 0)),
    [50, 100, 200, 1000, 1000],
  );
  assert.equal(
    pauseMs(50, () => 1),
    2_000,
  );
});

test('only missing rights and impossible names are lasting failures', () => {
  const codes = [29, 30, 31, 17].map((code) => lastingFailure(code, 'reading')?.code);
  assert.deepEqual(codes, ['RIGHT_MISSING', 'RIGHT_MISSING', 'RIGHT_MISSING', 'CONFIG_INVALID']);
  for (const code of [-1, 0, 1, 3, 5, 6, 7, 10, 19, 20, 56, 87])
    assert.equal(lastingFailure(code, 'reading'), undefined);
});

test('an absent topic or a partition without leader spoils nothing else', async () => {
  const partitionMetadata = [
    { partitionId: 1, leader: -1, replicas: [1, 2] },
    { partitionId: 0, leader: 2, replicas: [1, 2] },
  ];
  const answer = {
    brokers: [],
    topicMetadata: [
      { topic: 'there', topicErrorCode: 0, partitionMetadata },
      { topic: 'absent', topicErrorCode: 3, partitionMetadata: [] },
      { topic: 'forbidden', topicErrorCode: 29, partitionMetadata: [] },
      { topic: 'unsettled', topicErrorCode: 5, partitionMetadata: [] },
    ],
  };
  const brokers = { ask: async () => answer, learn: () => undefined } as unknown as Brokers;
  const metadata = new Metadata(brokers);
  await metadata.refresh(['there', 'absent', 'forbidden', 'unsettled'], new AbortController().signal);
  assert.deepEqual(metadata.partitionsOf('there'), [0, 1]);
  assert.equal(metadata.leaderOf({ topic: 'there', partition: 0 }), 2);
  assert.equal(metadata.leaderOf({ topic: 'there', partition: 1 }), undefined);
  assert.deepEqual(metadata.stateOf('absent'), { kind: 'absent' });
  assert.deepEqual(metadata.stateOf('forbidden'), { kind: 'refused', errorCode: 29 });
  assert.deepEqual(metadata.stateOf('unsettled'), { kind: 'unknown' });
});
