import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * A small text file with its permission bits, or why it cannot be used, in words that complete "got …". `content` is at fault when the file
 * could be read and holds what we do not take, else its `path` is.
 */
export type FileText =
  | { readonly kind: 'text'; readonly text: string; readonly mode: number }
  | { readonly kind: 'unusable'; readonly why: string; readonly fault: 'path' | 'content' };

/**
 * Reads a UTF-8 file of at most `maxBytes`, without its byte order mark.
 *
 * Never reads past the limit, whatever the path leads to, and never throws.
 */
export function readFileText(path: string, maxBytes: number): FileText {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = readUpTo(descriptor, maxBytes + 1);
      if (bytes.length > maxBytes) return { kind: 'unusable', why: `more than ${maxBytes} bytes`, fault: 'content' };
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return { kind: 'text', text, mode: fstatSync(descriptor).mode & 0o777 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return { kind: 'unusable', why: whyUnusable(error), fault: codeOf(error) === notText ? 'content' : 'path' };
  }
}

const notText = 'ERR_ENCODING_INVALID_ENCODED_DATA';

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function readUpTo(descriptor: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let filled = 0;
  while (filled < limit) {
    const count = readSync(descriptor, buffer, filled, limit - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

function whyUnusable(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'no permission to read it';
    case 'EISDIR':
      return 'a directory';
    case notText:
      return 'bytes that are not UTF-8';
    default:
      return typeof code === 'string' ? code : 'a path that cannot be opened';
  }
}
