import { createRequire } from 'node:module';
import { gunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { decompressBound, decompressFrame } from 'lz4js';
import { uncompress } from 'snappyjs';

/** What a batch may become: a fetch is at most a few MiB, and a batch made to be a bomb ends here. */
const largestBytes = 64 * 1024 * 1024;

interface Codec {
  compress(records: unknown): Promise<Buffer>;
  decompress(data: Buffer): Promise<Buffer>;
}

/** Bits of the attributes of a batch, as in the record batch format of Kafka. */
const kinds = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/**
 * Teaches the client library to read every compression that producers and topics may use, each in bounded memory; of itself it knows gzip
 * only, without a bound, and ends a reader that meets another. There is one table for the whole process.
 */
export function registerCodecs(): void {
  const require = createRequire(import.meta.url);
  const { Codecs } = require('kafkajs/src/protocol/message/compression') as { Codecs: Record<number, () => Codec> };
  // We write without compression: the broker compresses what it keeps, if it is told to.
  const compress = () => Promise.reject(new Error('only reading is built in for this compression'));
  const put = (kind: number, decompress: (data: Buffer) => Promise<Buffer>) => {
    Codecs[kind] = () => ({ compress, decompress });
  };
  const gzip = Codecs[kinds.gzip]?.();
  if (gzip !== undefined) Codecs[kinds.gzip] = () => ({ compress: gzip.compress, decompress: unpackGzip });
  put(kinds.snappy, async (data) => unpackSnappy(data));
  put(kinds.lz4, async (data) => unpackLz4(data));
  put(kinds.zstd, async (data) => unpackZstd(data));
}

function unpackGzip(data: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(data, { maxOutputLength: largestBytes }, (error, unpacked) =>
      error === null ? resolve(unpacked) : reject(error),
    );
  });
}

const blockStreamMark = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const blockStreamHeaderBytes = 16;

/** Java clients write blocks, each with its length in front, behind a header of their own; others write one plain block. */
function unpackSnappy(data: Buffer): Buffer {
  if (!data.subarray(0, blockStreamMark.length).equals(blockStreamMark))
    return Buffer.from(uncompress(data, largestBytes));
  const blocks: Uint8Array[] = [];
  let unpackedBytes = 0;
  for (let at = blockStreamHeaderBytes; at < data.length; ) {
    const length = data.readUInt32BE(at);
    const block = uncompress(data.subarray(at + 4, at + 4 + length), largestBytes - unpackedBytes);
    unpackedBytes += block.length;
    blocks.push(block);
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

function unpackLz4(data: Buffer): Buffer {
  const mostBytes = decompressBound(data);
  if (!(mostBytes <= largestBytes)) throw tooLarge();
  const unpacked = new Uint8Array(mostBytes);
  const length = decompressFrame(data, unpacked);
  if (length > mostBytes) throw new RangeError('an LZ4 frame holds more than it says');
  return Buffer.from(unpacked.buffer, 0, length);
}

function unpackZstd(data: Buffer): Buffer {
  const pieces: Uint8Array[] = [];
  let unpackedBytes = 0;
  const stream = new Decompress((piece) => {
    unpackedBytes += piece.length;
    if (unpackedBytes > largestBytes) throw tooLarge();
    pieces.push(piece);
  });
  stream.push(data, true);
  return Buffer.concat(pieces);
}

function tooLarge(): RangeError {
  return new RangeError(`a batch unpacks to more than ${largestBytes} bytes`);
}
