declare module 'lz4js' {
  /** The most bytes that a frame can become, from the sizes of its blocks. */
  export function decompressBound(frame: Uint8Array): number;
  /** Writes what a frame holds and returns how much; what does not fit is left out without a word. */
  export function decompressFrame(frame: Uint8Array, into: Uint8Array): number;
  export function compress(data: Uint8Array): Uint8Array;
}

declare module 'snappyjs' {
  /** @throws Error when the block says that it holds more than `mostBytes`. */
  export function uncompress(block: Uint8Array, mostBytes?: number): Uint8Array;
  export function compress(data: Uint8Array): Uint8Array;
}
