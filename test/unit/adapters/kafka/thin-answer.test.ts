import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FetchedPartition } from '../../../../src/adapters/kafka/library-types.js';
import { thinAnswer } from '../../../../src/adapters/kafka/thin-answer.js';

interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: bigint | number): Encoder;
  writeString(value: string): Encoder;
  writeEncoder(value: Encoder): Encoder;
  writeBufferInternal(value: Buffer): Encoder;
}

const require = createRequire(import.meta.url);
const EncoderOf = require('kafkajs/src/protocol/encoder') as new () => Encoder;
const RecordBatch = require('kafkajs/src/protocol/recordBatch/v0').RecordBatch as (batch: object) => Promise<Encoder>;
const record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => Encoder;
const library = require('kafkajs/src/protocol/requests/fetch/v11/response') as {
  decode(bytes: Buffer): Promise<{ responses: readonly { topicName: string; partitions: FetchedPartition[] }[] }>;
};

type Batch = readonly { readonly offsetDelta: number; readonly value: string }[];

/** One batch as a producer writes it, at the offset that the broker gave it. */
async function batchOf(firstOffset: bigint, records: Batch, compression = 0): Promise<Buffer> {
  const { buffer } = await RecordBatch({
    ...{ firstTimestamp: 1_700_000_000_000, maxTimestamp: 1_700_000_000_900, compression },
    lastOffsetDelta: records.at(-1)?.offsetDelta ?? 0,
    records: records.map(({ offsetDelta, value }) =>
      record({ offsetDelta, timestampDelta: offsetDelta * 7, key: `k${offsetDelta}`, value, headers: { h: 'v' } }),
    ),
  });
  const bytes = Buffer.from(buffer);
  bytes.writeBigInt64BE(firstOffset, 0);
  return bytes;
}

/** An answer with one topic, whose partitions hold these record sets. */
function answerOf(...sets: readonly Buffer[]): Buffer {
  const answer = new EncoderOf().writeInt32(0).writeInt16(0).writeInt32(9).writeInt32(1).writeString('topic');
  answer.writeInt32(sets.length);
  for (const [partition, set] of sets.entries()) {
    answer.writeInt32(partition).writeInt16(0).writeInt64(99).writeInt64(98).writeInt64(0);
    answer.writeInt32(1).writeInt64(5).writeInt64(1_000).writeInt32(-1).writeInt32(set.length);
    answer.writeBufferInternal(set);
  }
  return Buffer.from(answer.buffer);
}

async function decoded(answer: Buffer) {
  const { responses } = await library.decode(answer);
  return responses[0]?.partitions ?? [];
}

const texts = (partition: FetchedPartition | undefined) =>
  (partition?.messages ?? []).map(({ offset, value }) => `${offset} ${value}`);

describe('an answer without what nobody wants', () => {
  it('holds what is wanted and the end of each batch, as the whole one does', async () => {
    const batches = fc.array(
      fc
        .uniqueArray(fc.nat({ max: 30 }), { minLength: 1, maxLength: 12 })
        .map((deltas) => deltas.sort((a, b) => a - b)),
      { minLength: 1, maxLength: 4 },
    );
    const property = fc.asyncProperty(
      batches,
      fc.array(fc.nat({ max: 130 })),
      fc.string(),
      async (list, wanted, text) => {
        const first = 2n ** 40n;
        const sets = list.map((deltas, index) =>
          batchOf(
            first + BigInt(index * 31),
            deltas.map((offsetDelta) => ({ offsetDelta, value: `${text}${offsetDelta}` })),
          ),
        );
        const whole = answerOf(Buffer.concat(await Promise.all(sets)));
        const offsets = wanted.map((offset) => first + BigInt(offset));
        const [full] = await decoded(whole);
        const [thin] = await decoded(thinAnswer(whole, () => offsets));
        const ends = list.map((deltas, index) => first + BigInt(index * 31 + (deltas.at(-1) ?? 0)));
        const isKept = ({ offset }: { readonly offset: string }) =>
          offsets.includes(BigInt(offset)) || ends.includes(BigInt(offset));
        assert.deepEqual(thin, { ...full, messages: full?.messages.filter(isKept) });
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('keeps apart what is wanted of each partition, and leaves an empty one alone', async () => {
    const set = await batchOf(
      0n,
      ['a', 'b', 'c'].map((value, offsetDelta) => ({ offsetDelta, value })),
    );
    const thin = thinAnswer(answerOf(set, Buffer.alloc(0), set), (topic, partition) => {
      assert.equal(topic, 'topic');
      return partition === 0 ? [0n] : [1n];
    });
    assert.deepEqual((await decoded(thin)).map(texts), [['0 a', '2 c'], [], ['1 b', '2 c']]);
  });

  it('leaves alone what is compressed, cut off or of an older format', async () => {
    const plain = await batchOf(
      0n,
      ['a', 'b', 'c'].map((value, offsetDelta) => ({ offsetDelta, value })),
    );
    const packed = await batchOf(
      3n,
      ['d', 'e'].map((value, offsetDelta) => ({ offsetDelta, value })),
      1,
    );
    const cut = plain.subarray(0, plain.length - 3);
    const old = Buffer.from(plain);
    old.writeInt8(1, 16);
    const [one] = await decoded(thinAnswer(answerOf(Buffer.concat([packed, plain, cut])), () => []));
    assert.deepEqual(texts(one), ['3 d', '4 e', '2 c']);
    for (const set of [cut, old, Buffer.alloc(20)]) {
      const answer = answerOf(set);
      assert.ok(thinAnswer(answer, () => []).equals(answer));
    }
  });

  it('is an error when the answer ends too soon', () => {
    assert.throws(() => thinAnswer(answerOf(Buffer.alloc(0)).subarray(0, 12), () => []), RangeError);
  });
});
