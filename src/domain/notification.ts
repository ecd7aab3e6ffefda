import { hash } from 'node:crypto';
import type { Alarm } from './alarm.js';
import type { DeliveryFailure } from './errors.js';
import type { DeadReason } from './outcome.js';
import type { AlarmPosition, NonEmpty, Positioned } from './position.js';
import type { Secret } from './secret.js';

/** How one tenant wishes to be told: a row of notification_method. */
export interface NotificationMethod {
  readonly id: string;
  readonly name: string;
  /** Selects the notifier, lower case. */
  readonly type: string;
  /** Opaque to all but its notifier, and often a credential. Empty where the row holds NULL. */
  readonly address: Secret;
  /** 0 is told once. */
  readonly periodMs: number;
}

/** Hash of topic, partition, offset, method id and repeat number; the same over retries, restarts and take-overs. */
export type NotificationId = string & { readonly brand: 'NotificationId' };

/** One send that failed. */
export interface Attempt {
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly failure: DeliveryFailure;
}

/** A person had this sent again after it was parked: when, in epoch milliseconds, and what it had been parked for. */
export interface Replay {
  readonly atMs: number;
  readonly reason: DeadReason;
}

/** How a notification ended before a send was tried: recorded as it is, and nothing is sent. */
export type Verdict = Readonly<
  | { outcome: 'superseded'; by: AlarmPosition | undefined; detail?: string }
  | { outcome: 'expired' }
  | { outcome: 'dead'; reason: 'method_gone'; detail: string }
>;

/** One alarm inside a digest. */
export interface DigestEntry {
  readonly alarmId: string;
  /** For people; the id where none is known. */
  readonly name: string;
  readonly status: 'WARNING' | 'CRITICAL';
  /** As it came, RFC 3339. */
  readonly changedAt: string;
}

/** One message to one method. `position` is where *this item* was read (a retry: the retry topic); `id` comes from `alarm.position`. */
export interface Notification extends Positioned {
  readonly id: NotificationId;
  readonly alarm: Alarm;
  readonly method: NotificationMethod;
  /** Counts tries from 1. */
  readonly attempt: number;
  /** 0 for the first telling, n for the n-th periodic one. */
  readonly repeat: number;
  /** When this repeat was to be told, epoch milliseconds: the next one counts from here, however late this one is. */
  readonly dueAtMs?: number;
  /** The sends before this one, oldest first; absent on the first. */
  readonly history?: readonly Attempt[];
  /** How often this attempt was put off before it was made; absent: never. */
  readonly putOffCount?: number;
  readonly verdict?: Verdict;
  /** The alarms of a digest, oldest first. It is of no single alarm: `alarm` sums them up, and nothing supersedes or repeats it. */
  readonly digest?: readonly DigestEntry[];
  /** Stays with it over retries: a time to live counts from here. */
  readonly replay?: Replay;
}

/** All of one alarm, kept together so that the alarm is finished exactly once. */
export interface NotificationGroup extends Positioned {
  readonly notifications: NonEmpty<Notification>;
}

/**
 * The identity under which a receiver may see one notification more than once.
 *
 * 32 characters of `A-Z a-z 0-9 - _`: the first 24 bytes, in base64url, of SHA-256 over the parts, each as UTF-8 with its length in bytes in
 * front. A repeat number of 0 is left out of the hash.
 */
export function notificationId(read: AlarmPosition, methodId: string, repeat = 0): NotificationId {
  const parts = [read.topic, String(read.partition), String(read.offset), methodId];
  return identityOf(repeat > 0 ? [...parts, String(repeat)] : parts);
}

/** The identity that belongs to these parts and to no others: see `notificationId`. */
export function identityOf(parts: readonly string[]): NotificationId {
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return hash('sha256', text, 'base64url').slice(0, 32) as NotificationId;
}
