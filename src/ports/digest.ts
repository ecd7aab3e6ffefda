import type { EngineError } from '../domain/errors.js';
import type { Instant } from '../domain/instant.js';

/** CLEARED: not triggered. WARNING and CRITICAL: active. */
export type AlarmStatus = 'CLEARED' | 'WARNING' | 'CRITICAL';

/** Whose digest: a user, or one digest method of a user. */
export interface DigestOwner {
  readonly userId: string;
  readonly methodId: string | undefined;
}

/** How a method wishes its digests; what is absent is left to the configuration. */
export interface MethodWish {
  /** As `parseSchedule` reads it; anything else counts as absent. */
  readonly schedule?: string;
  readonly empty?: 'skip' | 'send';
}

/** Whose digest, and how they wish it by the last word of their rows. */
export interface WishingOwner extends DigestOwner {
  readonly wish?: MethodWish | undefined;
}

/** What is known of one alarm of one owner. `version` rises with every stored change of it, and not when `toSend` is cleared. */
export interface AlarmState {
  readonly status: AlarmStatus;
  readonly changedAt: Instant;
  /** -1: the message had none. */
  readonly sequence: number;
  /** For people; absent: no message told it. */
  readonly name?: string;
  readonly toSend: boolean;
  readonly version: number;
  /** Epoch milliseconds of the store: a tombstone ages from here, whatever its message says. */
  readonly storedAtMs: number;
}

/** One version of one alarm. */
export interface SentVersion {
  readonly alarmId: string;
  readonly version: number;
}

/** One row of durable state, by (owner, alarm), by owner alone or by digest; `undefined` in place of its content: remove it. */
export type StoredRow = Readonly<
  DigestOwner &
    (
      | { kind: 'alarm'; alarmId: string; alarm: AlarmState | undefined }
      /** The due instant up to which scheduled digests have run, epoch milliseconds. */
      | { kind: 'schedule'; ranAtMs: number | undefined }
      | { kind: 'wish'; wish: MethodWish | undefined }
      /** A digest that is out; there while its marks are being cleared, where that is no single step. */
      | { kind: 'sent'; digestId: string; alarms: readonly SentVersion[] | undefined }
    )
>;

/** Which of the two messages a place carries; `either` tells them apart by their fields. */
export type MessageForm = 'status' | 'command' | 'either';

/** One change of one alarm's status. `sequence` is -1 when the message has none. */
export interface StatusChange extends DigestOwner {
  readonly alarmId: string;
  readonly status: AlarmStatus;
  readonly changedAt: Instant;
  readonly sequence: number;
  /** For people, cut to a line; no part of public digests. */
  readonly name?: string;
  /** Of the method; absent: it wishes nothing. */
  readonly wish?: MethodWish;
}

/** What a status change may say besides, and is understood without. */
export const addingFields = ['Sequence', 'AlarmName', 'Schedule', 'Empty'] as const;
export type AddingField = (typeof addingFields)[number];

/** What a message says, or why it says nothing. A command without `methodId` means the user and all digest methods of the user. */
export type DigestMessage = Readonly<
  /** `leftOut`: fields that only add to it and were of a wrong type. */
  | { kind: 'status'; change: StatusChange; leftOut: readonly AddingField[] }
  | { kind: 'command'; command: DigestOwner }
  | { kind: 'malformed'; reason: string }
  /** It belongs to another worker, where its transport passes it on to; nothing is folded here. */
  | { kind: 'elsewhere' }
>;

/** One message, held by this process until the round that contains it is committed. */
export interface TakenMessage {
  /** The subject or topic, for people. */
  readonly subject: string;
  readonly form: MessageForm;
  readonly value: Uint8Array;
  /** Where the transport keeps it: the same whenever it is delivered again, and that of no other message. */
  readonly place: string;
  /** The transport has delivered it before. */
  readonly isRepeated: boolean;
}

/** One alarm inside a digest. */
export interface DigestAlarm {
  readonly alarmId: string;
  readonly alarm: AlarmState;
}

/**
 * One digest to publish. `id` is the same whenever the same versions are sent to the same owner; of an empty one, whenever it answers the
 * same command or due time.
 */
export interface OutgoingDigest extends DigestOwner {
  readonly id: string;
  readonly alarms: readonly DigestAlarm[];
  /** The public message, JSON. */
  readonly text: string;
}

/** A message that means nothing to us, for people. */
export interface DigestDeadLetter {
  readonly subject: string;
  readonly reason: string;
  readonly value: Uint8Array;
}

/** What a worker decided about some messages. All of it is durable, or none of the messages is finished. */
export interface DigestRound<Message extends TakenMessage> {
  /** Alarms as they are before the digests of this round; a transport without transactions stores them first. */
  readonly changed: readonly StoredRow[];
  readonly digests: readonly OutgoingDigest[];
  /** Rows as they are once the digests are confirmed. */
  readonly cleared: readonly StoredRow[];
  readonly deadLetters: readonly DigestDeadLetter[];
  readonly taken: readonly Message[];
}

/** Where the state of one worker lives, with the right to write there. */
export interface DigestHome<Message extends TakenMessage> {
  /** A digest text may have this many bytes. */
  readonly digestLimitBytes: number;
  /**
   * Makes a round durable and finishes its messages; called with the same round again after a retriable failure.
   *
   * @throws FENCED when somebody else owns this worker now; retriable EngineError for all that may pass; ABORTED with `signal`.
   */
  commit(round: DigestRound<Message>, signal: AbortSignal): Promise<void>;
}

/** A message that was read, and the worker that it belongs to. */
export interface ReadMessage<Message extends TakenMessage> {
  readonly worker: number;
  readonly taken: Message;
  readonly message: DigestMessage;
}

/** One worker, as a transport sees it. */
export interface DigestActor<Message extends TakenMessage> {
  /** Takes up a row of the stored state; before `run`. */
  restore(row: StoredRow): void;
  /** Takes a message. Look at `isFull` before, and wait for `room`. */
  take(read: ReadMessage<Message>): void;
  readonly isFull: boolean;
  room(): Promise<void>;
  /** Takes nothing more; `run` ends when all that was taken is committed. */
  close(): void;
  /** Works until `close` or `signal`. @throws FENCED when another instance owns the worker; what is no EngineError is a fault. */
  run(signal: AbortSignal): Promise<void>;
}

/** The digest without its transport: what a transport builds workers from. */
export interface DigestWorkers<Message extends TakenMessage> {
  readonly count: number;
  workerOf(userId: string): number;
  read(taken: Message): ReadMessage<Message>;
  /** Opens a worker with nothing in it; whoever opens it runs it, and closes it in the end. */
  open(index: number, home: DigestHome<Message>): DigestActor<Message>;
  /**
   * Runs what was opened for as long as the pumps bring messages; then each finishes what it has. The first failure aborts `ending`, which
   * ends all of them, and is thrown once they have ended.
   */
  run(
    actors: Iterable<DigestActor<Message>>,
    ending: AbortController,
    pumps: () => readonly Promise<void>[],
  ): Promise<void>;
  /** How a row is named and written where names are short and values are text. */
  readonly rows: RowCodec;
}

/** Rows as text. `key` is the same for every version of a row; `text` is undefined for one that is to be removed. */
export interface RowCodec {
  key(row: StoredRow): string;
  text(row: StoredRow): string | undefined;
  /** @throws RangeError for a text that we did not write. */
  parse(text: string): StoredRow;
}

/** True for the error after which a worker must forget what it knows. */
export function isFenced(error: EngineError): boolean {
  return error.code === 'FENCED';
}
