import { type EventMessage, type EventSource, encodeAlarmEvent } from '../domain/alarm-event.js';
import { isGivenUp, messageOf } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';
import type { Announcement, AnnouncementSink, Receipt, Remembered } from './announcement.js';
import type { KeptAlarm, PendingEvent, ProducerState } from './producer-state.js';

/** Takes the messages of events; resolves when all in-sync replicas have one. Waits out outages until `signal` aborts. */
export type PublishEvent = (message: EventMessage, signal: AbortSignal) => Promise<void>;

export interface EventSinkOptions {
  readonly state: ProducerState;
  readonly publish: PublishEvent;
  readonly source: EventSource;
  readonly clock: Clock;
  readonly keyBy?: 'tenant' | 'alarm';
  /** Lets go of what `publish` holds. */
  readonly close: () => Promise<void>;
}

const attemptLimitMs = 10_000;
const maxTextLength = 10_000;
/** An event that waited longer gets a new number and time: an engine would take it for too old to be told. */
const staleMs = 3_600_000;

/**
 * Tells by events on the alarm topic.
 *
 * Number, time and text of an event are on disk before it is published, so no number has two contents: after a crash the same event goes out
 * again if its state still holds, otherwise another with a new number. Numbers start at the wall clock in milliseconds and rise by one.
 */
export class EventSink implements AnnouncementSink {
  /** Records of one key keep their order, also when an earlier one is given up. */
  readonly keepsOrder = true;
  readonly #options: EventSinkOptions;

  constructor(options: EventSinkOptions) {
    this.#options = options;
  }

  async deliver(announcement: Announcement, signal: AbortSignal): Promise<Receipt> {
    const { state, clock, publish } = this.#options;
    const { key } = announcement.alarm;
    const wasPending = state.get(key)?.pending !== undefined;
    const kept = this.#reserve(announcement);
    const { pending } = kept;
    const limit = clock.limit(attemptLimitMs, signal);
    try {
      await state.saved();
      await publish({ key: pending.key, value: pending.value }, limit.signal);
    } catch (error) {
      // What could not be saved was not published, and what was refused is not there.
      const isOpen = isGivenUp(error);
      if (!isOpen && !wasPending) state.set(key, { ...kept, pending: undefined });
      const cause = limit.expired ? 'no acknowledgement within 10 s' : messageOf(error);
      return { outcome: isOpen ? 'unknown' : 'refused', cause };
    } finally {
      limit.clear();
    }
    const { status, changedAtMs } = pending;
    state.set(key, { ...kept, status, changedAtMs, acceptedAtMs: clock.nowMs(), pending: undefined });
    // Not on disk yet is no harm: after a crash the same event would go out once more.
    state.saved().catch(() => undefined);
    return { outcome: 'accepted' };
  }

  remembered(key: string): Remembered | undefined {
    const kept = this.#options.state.get(key);
    return kept && { status: kept.status, maybe: kept.pending?.status, acceptedAtMs: kept.acceptedAtMs };
  }

  rememberedKeys(): readonly string[] {
    return this.#options.state.keys();
  }

  forget(key: string): void {
    this.#options.state.delete(key);
    this.#options.state.saved().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#options.close();
    await this.#options.state.saved().catch(() => undefined);
  }

  /** The event that is pending already if it says the same, else a new one. */
  #reserve(announcement: Announcement): KeptAlarm & { readonly pending: PendingEvent } {
    const { state, clock } = this.#options;
    const { alarm, kind, finding } = announcement;
    const nowMs = clock.nowMs();
    const before = state.get(alarm.key);
    const open = before?.pending;
    const isSame = open?.kind === kind && open.status === finding.status && nowMs - open.atMs < staleMs;
    if (before !== undefined && open !== undefined && isSame) return { ...before, pending: open };
    const sequence = before === undefined ? nowMs : before.sequence + 1;
    const issuedAtMs = before === undefined ? nowMs : Math.max(nowMs, before.issuedAtMs + 1);
    const changedAtMs = kind === 'repeat' ? (before?.changedAtMs ?? issuedAtMs) : issuedAtMs;
    const times = { changedAtMs, atMs: kind === 'repeat' ? nowMs : issuedAtMs };
    const message = this.#message(announcement, sequence, times);
    const pending = { kind, status: finding.status, ...times, ...message };
    const first = { status: 'OK', acceptedAtMs: 0, changedAtMs: 0 } as const;
    const kept = {
      ...first,
      ...before,
      sequence,
      issuedAtMs: kind === 'repeat' ? (before?.issuedAtMs ?? nowMs) : issuedAtMs,
      pending,
    };
    state.set(alarm.key, kept);
    return kept;
  }

  #message(
    { alarm, kind, finding, oldStatus }: Announcement,
    sequence: number,
    times: { readonly changedAtMs: number; readonly atMs: number },
  ): EventMessage {
    const event = {
      tenantId: alarm.tenantId,
      alarmId: alarm.alarmId,
      alarmDefinitionId: alarm.alarmDefinitionId,
      alarmName: alarm.name.slice(0, maxTextLength),
      alarmDescription: alarm.description?.slice(0, maxTextLength),
      oldStatus: kind === 'repeat' ? finding.status : oldStatus,
      status: finding.status,
      reason: finding.reason.slice(0, maxTextLength),
      ...times,
      kind,
      sequence,
      source: this.#options.source,
      details: finding.details,
      labels: undefined,
      link: undefined,
    };
    return encodeAlarmEvent(event, this.#options.keyBy);
  }
}
