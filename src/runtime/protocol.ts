import type { ErrorCode } from '../domain/errors.js';
import type { FinishReason } from '../domain/outcome.js';
import type { NonEmpty, TopicPartition } from '../domain/position.js';
import type { Fields } from '../ports/system.js';

/**
 * Every message between main and worker. JSON on the wire: no bigint, no bytes, no Error objects.
 *
 * `term` numbers the ownership under which an item was read. A message of another term than the present one is void: both sides drop it
 * without a word, because the items that it speaks of were given up when the term ended.
 */
export type WirePosition = Readonly<{ topic: string; partition: number; offset: string }>;
export type WireParcel = Readonly<{ at: WirePosition; orderKey: string; payload: string }>;
export type WireError = Readonly<{ name: string; message: string; code?: ErrorCode; stack?: string }>;
export type WireAnswer = Readonly<
  { at: WirePosition } & ({ kind: 'forward'; payload: string } | { kind: 'finish'; reason: FinishReason })
>;

/** What a worker learned of an outside system: monotonic milliseconds of the last answer, and the last failure since then. */
export type SystemSeen = Readonly<{ answeredAtMonoMs: number; failure?: string }>;

/** `start` carries revealed secrets, this stage's only: never on argv, in the environment or in a log. */
export type ToWorker = Readonly<
  | { type: 'start'; stage: string; index: number; config: Fields }
  | { type: 'drain' }
  /** Items to work on, and room in the next queue for `room` more: an answer to `wants`. Either may be missing. */
  | { type: 'work'; term: number; parcels?: readonly WireParcel[]; room?: number }
  /** Items to park unopened. */
  | { type: 'quarantine'; term: number; parcels: NonEmpty<WireParcel> }
  | { type: 'lease'; term: number; endsAtMonoMs: number; endsAtMs: number }
  /** `finished`, for a source that holds: text of the set of what is finished at and above `nextToRead`. */
  | {
      type: 'resume';
      term: number;
      partition: TopicPartition;
      nextToRead?: string;
      committed?: string;
      finished?: string;
    }
  | { type: 'pause'; term: number; partition: TopicPartition }
  /** Stored as the next to read: how far the window reaches, and what to mirror. */
  | { type: 'committed'; term: number; positions: NonEmpty<WirePosition> }
>;

export type FromWorker = Readonly<
  | { type: 'ready' | 'drained' }
  | { type: 'start_failed' | 'crashed'; error: WireError }
  /** The worker may be given `more` items beyond those that it holds. */
  | { type: 'credits'; term: number; more: number }
  /** `wants`: the worker has so many items to put on the next queue beyond those that it asked room for already. */
  /** `unused`: so much of the room that it was granted it needs no more. */
  | { type: 'read'; term: number; parcels: readonly WireParcel[]; wants?: number; unused?: number }
  /** Read and not due yet: unfinished from now on, though in no queue. Read again after a death, they are held again. */
  | { type: 'held'; term: number; positions: NonEmpty<WirePosition> }
  /** Held positions that ended in the source itself. */
  | { type: 'finished'; term: number; positions: NonEmpty<WirePosition>; reason: FinishReason }
  | { type: 'answers'; term: number; answers: readonly WireAnswer[]; wants?: number }
  | { type: 'partitions'; topic: string; partitions: readonly number[] }
  | { type: 'positioned'; term: number; partition: TopicPartition; nextToRead: string; skipped: string }
  | { type: 'halted'; term: number; partition: TopicPartition; nextToRead: string; logStart: string; logEnd: string }
  /** Methods may ask for digests: somebody has to make them. Told once by each worker that looks methods up. */
  | { type: 'digests_asked' }
  | { type: 'high_water'; positions: NonEmpty<WirePosition> }
  | { type: 'beat'; systems: Readonly<Record<string, SystemSeen>>; metrics: unknown; notes: readonly string[] }
>;
