import type { Offset } from '../../domain/position.js';

/** The version of Fetch whose answers are known here: what every broker since 2.3 speaks with the library. */
export const thinVersion = 11;

const BATCH_HEADER_BYTES = 61;
const MAGIC = 2;
const COMPRESSION = 0x07;
const CONTROL = 0x20;

/** Offsets of one partition that are wanted. */
export type WantedOffsets = (topic: string, partition: number) => readonly Offset[];

/**
 * Leaves out of an undecoded answer to Fetch the records that nobody wants.
 *
 * Kafka sends whole batches, and decoding one costs far more than reading it: hundreds of objects for the one record that is wanted. The last
 * record of a batch stays, so that it is seen how far the answer reaches. Batches that are compressed, of an older format or cut off stay as
 * they are. Checksums are not kept: nobody looks at them. Source: the Kafka protocol, Fetch version 11 and record batch version 2.
 */
export function thinAnswer(answer: Buffer, wantedOf: WantedOffsets): Buffer {
  const from = new Cursor(answer);
  const parts: Buffer[] = [];
  let copiedTo = 0;
  from.skip(4 + 2 + 4);
  for (let topics = from.int32(); topics > 0; topics -= 1) {
    const topic = from.text();
    for (let partitions = from.int32(); partitions > 0; partitions -= 1) {
      const partition = from.int32();
      from.skip(2 + 8 + 8 + 8);
      from.skip(Math.max(0, from.int32()) * 16);
      from.skip(4);
      const sizeAt = from.at;
      const set = from.bytes(Math.max(0, from.int32()));
      if (set.length === 0) continue;
      const thin = Buffer.concat(thinBatches(set, wantedOf(topic, partition)));
      parts.push(answer.subarray(copiedTo, sizeAt), int32(thin.length), thin);
      copiedTo = from.at;
    }
  }
  return parts.length === 0 ? answer : Buffer.concat([...parts, answer.subarray(copiedTo)]);
}

function thinBatches(set: Buffer, wanted: readonly Offset[]): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < set.length; ) {
    const end = at + BATCH_HEADER_BYTES <= set.length ? at + 12 + set.readInt32BE(at + 8) : Number.POSITIVE_INFINITY;
    if (end > set.length || set.readInt8(at + 16) !== MAGIC) return [...parts, set.subarray(at)];
    parts.push(...thinBatch(set.subarray(at, end), wanted));
    at = end;
  }
  return parts;
}

function thinBatch(batch: Buffer, wanted: readonly Offset[]): readonly Buffer[] {
  const count = batch.readInt32BE(57);
  if (count < 2 || (batch.readInt16BE(21) & (COMPRESSION | CONTROL)) !== 0) return [batch];
  const first = batch.readBigInt64BE(0);
  const deltas = new Set(wanted.map((offset) => Number(offset - first)));
  const kept: Buffer[] = [];
  const from = new Cursor(batch, BATCH_HEADER_BYTES);
  for (let index = 1; index <= count; index += 1) {
    const begin = from.at;
    const end = from.varint() + from.at;
    from.skip(1);
    from.varint();
    const delta = from.varint();
    if (index === count || deltas.has(delta)) kept.push(batch.subarray(begin, end));
    from.at = end;
  }
  const header = Buffer.from(batch.subarray(0, BATCH_HEADER_BYTES));
  const bytes = kept.reduce((sum, { length }) => sum + length, BATCH_HEADER_BYTES);
  header.writeInt32BE(bytes - 12, 8);
  header.writeInt32BE(kept.length, 57);
  return [header, ...kept];
}

/** Reads on through bytes. @throws RangeError behind their end. */
class Cursor {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  skip(count: number): void {
    this.at += count;
  }

  bytes(count: number): Buffer {
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  int32(): number {
    this.at += 4;
    return this.#bytes.readInt32BE(this.at - 4);
  }

  text(): string {
    this.at += 2;
    return this.bytes(Math.max(0, this.#bytes.readInt16BE(this.at - 2))).toString();
  }

  /** A whole number of up to ten bytes, the sign in its lowest bit. Beyond 53 bits it is not exact: no time is that far away. */
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
