import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KafkaHome, type KafkaMessage } from '../../../../src/adapters/kafka/digest-home.js';
import type { TransactionWork } from '../../../../src/adapters/kafka/transactions.js';
import { digestsOf } from '../../../../src/digest/digest-text.js';
import { parseRow, rowKey, rowText } from '../../../../src/digest/stored-row.js';
import { parseInstant } from '../../../../src/domain/instant.js';
import type { DigestRound, OutgoingDigest } from '../../../../src/ports/digest.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';

const topics = {
  ...{ status: 'status', command: 'command', digest: 'digest', state: 'state' },
  ...{ deadLetter: 'dead', retry: 'retry', alarm: 'alarms' },
};
const changedAt = parseInstant('2026-01-01T00:00:00Z');
const nothing: DigestRound<KafkaMessage> = { changed: [], digests: [], cleared: [], deadLetters: [], taken: [] };

function digestOf(methodId: string | undefined): OutgoingDigest {
  assert.ok(changedAt !== undefined);
  const marks = { toSend: true, version: 1, storedAtMs: 0 };
  const alarm = { status: 'CRITICAL', changedAt, sequence: -1, ...marks } as const;
  const [digest] = digestsOf({ userId: 'u', methodId }, [{ alarmId: 'a', alarm }], 900_000, 'p:1');
  assert.ok(digest !== undefined);
  return digest;
}

/** What one round becomes in Kafka, and which positions may be read beyond. */
async function committed(round: Partial<DigestRound<KafkaMessage>>, publishesAll = false) {
  const works: TransactionWork[] = [];
  const allowed: string[] = [];
  const home = new KafkaHome(
    {
      ...{ partition: 2, topics, deadLetterPartitions: 1, retryPartitions: 1, instance: 'h-1', publishesAll },
      ...{ group: 'g', rows: { key: rowKey, text: rowText, parse: parseRow } },
      transactions: { commit: async (work) => void works.push(work) },
      onCommitted: ({ topic, partition }, next) => allowed.push(`${topic}/${partition}@${next}`),
    },
    { clock: new FakeClock(), telemetry: new RecordingTelemetry() },
  );
  await home.commit({ ...nothing, ...round }, new AbortController().signal);
  const [work] = works;
  assert.ok(work !== undefined);
  return { work, allowed };
}

function taken(topic: string, partition: number, offset: bigint, passOn?: KafkaMessage['passOn']): KafkaMessage {
  const read = { subject: topic, form: 'either', value: Buffer.from('{}'), place: 'p:1', isRepeated: false } as const;
  return { ...read, at: { topic, partition }, offset, passOn };
}

describe('a round of the digest in a Kafka transaction', () => {
  it('hands the digest of a method to the engine, and to nobody else', async () => {
    const { work } = await committed({ digests: [digestOf('m'), digestOf(undefined)] });
    assert.deepEqual(
      work.records.map(({ at }) => at.topic),
      ['retry', 'digest'],
    );
  });

  it('publishes the digest of a method, too, where all are to be published: as that of a user, without the method', async () => {
    const { work } = await committed({ digests: [digestOf('m')] }, true);
    const [forMethod, forAll] = work.records;
    assert.equal(forMethod?.at.topic, 'retry');
    assert.deepEqual(forAll?.at, { topic: 'digest', partition: 2 });
    assert.equal(forAll?.key, 'u');
    assert.equal(forAll?.value, digestOf(undefined).text);
    assert.ok(!String(forAll?.value).includes('MethodID'));
  });

  it('commits a position for each partition that was taken from, also of one topic', async () => {
    const { work, allowed } = await committed({
      taken: [taken('alarms', 2, 4n), taken('alarms', 7, 9n), taken('status', 2, 1n), taken('alarms', 2, 5n)],
    });
    const expected = ['alarms/2@6', 'alarms/7@10', 'status/2@2'];
    assert.deepEqual(
      work.offsets.map(({ at, nextToRead }) => `${at.topic}/${at.partition}@${nextToRead}`),
      expected,
    );
    assert.deepEqual(allowed, expected);
  });

  it('passes a message on to the partition of its user', async () => {
    const { work } = await committed({ taken: [taken('alarms', 2, 4n, { partition: 0, userId: 'u' })] });
    const [record] = work.records;
    assert.deepEqual(record?.at, { topic: 'status', partition: 0 });
    assert.equal(record?.key, 'u');
  });
});
