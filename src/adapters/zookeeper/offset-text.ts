import { ConfigurationError } from '../../domain/errors.js';
import { type Offset, parseOffset } from '../../domain/position.js';
import type { StoredOffset } from '../../ports/progress.js';
import { decodeFinishedSet, encodeFinishedSet } from '../../tracker/finished-set.js';

/**
 * Writes an offset node: the next offset to read, the finished set (empty when there is none), then a line for people.
 * The first line alone is a complete node.
 */
export function offsetText(stored: StoredOffset, forPeople: string): string {
  return `${stored.nextToRead}\n${encodeFinishedSet(stored.finishedAbove)}\n${forPeople}\n`;
}

/** @throws STORE_DAMAGED, naming path and content, for everything that we would not have written. */
export function parseOffsetText(path: string, content: Buffer): StoredOffset {
  const [first = '', second = ''] = content.toString('utf8').split('\n', 2);
  try {
    return { nextToRead: parseOffset(first.trim()), finishedAbove: decodeFinishedSet(second.trim()) };
  } catch (error) {
    throw damaged(path, content, error);
  }
}

/** Reads a node of a 2014 engine, which held the last finished offset. @throws STORE_DAMAGED. */
export function parseAncestorText(path: string, content: Buffer): Offset {
  try {
    return parseOffset(content.toString('utf8').trim()) + 1n;
  } catch (error) {
    throw damaged(path, content, error);
  }
}

function damaged(path: string, content: Buffer, cause: unknown): ConfigurationError {
  const text = content.toString('utf8');
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConfigurationError(
    'STORE_DAMAGED',
    `the offset in ZooKeeper node ${path} is damaged: ${reason}, got ${shown}; set it with "offsets set"`,
    cause,
  );
}
