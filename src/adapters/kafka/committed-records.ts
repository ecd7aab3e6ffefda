import type { Offset } from '../../domain/position.js';
import type { FetchedPartition, FetchedRecord } from './library-types.js';

/** The second half of a control record's key: 0 ends a transaction by aborting it, 1 by committing it. */
const ABORT = 0;

/**
 * Picks from a fetched partition what a reader may see, and tells where to read on.
 *
 * Leaves out what lies below `from` (a compressed batch is sent whole), control records, and records of aborted transactions. `next` lies
 * behind the last batch that arrived whole, also where all of it was left out or compacted away; it never lies below `from`.
 * Source: KIP-98, "Consumer"; the broker lists aborted transactions by their end, hence the sorting.
 */
export function committedRecords(
  from: Offset,
  fetched: FetchedPartition,
): { readonly records: readonly FetchedRecord[]; readonly next: Offset } {
  const last = fetched.messages.at(-1);
  if (last === undefined) return { records: [], next: from };
  const isAborted = abortedFilter(fetched.abortedTransactions ?? []);
  const records = fetched.messages.filter((record) => {
    const offset = BigInt(record.offset);
    if (offset < from) return false;
    const isHidden = isAborted(offset, record);
    return !isHidden && record.isControlRecord !== true;
  });
  const next = behind(last);
  return { records, next: next > from ? next : from };
}

function behind(record: FetchedRecord): Offset {
  const batch = record.batchContext;
  if (batch === undefined) return BigInt(record.offset) + 1n;
  return BigInt(batch.firstOffset) + BigInt(batch.lastOffsetDelta) + 1n;
}

/** Must be asked for every record in the order of offsets: it follows which producers are inside an aborted transaction. */
function abortedFilter(aborted: readonly { producerId: string; firstOffset: string }[]) {
  const begins = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<string>();
  let begun = 0;
  return (offset: Offset, record: FetchedRecord): boolean => {
    for (let next = begins[begun]; next !== undefined && next.firstOffset <= offset; next = begins[begun]) {
      aborting.add(next.producerId);
      begun += 1;
    }
    const batch = record.batchContext;
    if (batch === undefined || !aborting.has(batch.producerId)) return false;
    if (record.isControlRecord === true) {
      if (record.key !== null && record.key.length >= 4 && record.key.readInt16BE(2) === ABORT) {
        aborting.delete(batch.producerId);
      }
      return true;
    }
    return batch.inTransaction;
  };
}
