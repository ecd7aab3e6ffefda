import type { AlarmIdentity } from '../domain/alarm-event.js';
import type { AlarmStatus } from '../domain/alarm-status.js';

/** One thing that a producer watches, as far as those who are told of it are concerned. `key` is unique in the program and lasts. */
export interface WatchedAlarm extends AlarmIdentity {
  readonly key: string;
  readonly name: string;
  readonly description: string | undefined;
  /** Told again after so long while it fires; undefined: told once. */
  readonly repeatMs: number | undefined;
  /** Who works for it, for log lines. */
  readonly worker: string;
}

/** What was found at one look. `scheduledMonoMs` is when the look was due. */
export interface Finding {
  readonly status: AlarmStatus;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly scheduledMonoMs: number;
}

/** One attempt to tell. */
export interface Announcement {
  readonly alarm: WatchedAlarm;
  readonly kind: 'transition' | 'repeat';
  /** What was told last, as far as that is known. */
  readonly oldStatus: AlarmStatus;
  readonly finding: Finding;
  /** Counts from 1. */
  readonly attempt: number;
}

/**
 * How an attempt ended. `refused`: it was certainly not taken. `unknown`: it may have been. `cause` says why, in words for a log line
 * without secrets.
 */
export type Receipt =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused' | 'unknown'; readonly cause: string };

/** What a sink remembers of an alarm from an earlier run. */
export interface Remembered {
  readonly status: AlarmStatus;
  /** An announcement was under way when the run ended: this may have been told instead. */
  readonly maybe: AlarmStatus | undefined;
  /** Since when the repeat timer runs, epoch milliseconds. */
  readonly acceptedAtMs: number;
}

/** Whom a producer tells. */
export interface AnnouncementSink {
  /**
   * One attempt, within a time limit of its own; `signal` ends it at once. Never rejects. At most one per alarm is under way at a time.
   */
  deliver(announcement: Announcement, signal: AbortSignal): Promise<Receipt>;
  /** True when an attempt that nobody needs any more should be ended, because what follows it cannot overtake it. */
  readonly keepsOrder: boolean;
  remembered(key: string): Remembered | undefined;
  /** The alarms of earlier runs, by key. */
  rememberedKeys(): readonly string[];
  /** The alarm is gone for good, and nobody is left with it firing. */
  forget(key: string): void;
  /** Keeps what is to be remembered, and lets go of everything. */
  close(): Promise<void>;
}
