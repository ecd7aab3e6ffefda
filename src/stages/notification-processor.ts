import {
  failedRecord,
  type Policies,
  putOffRecord,
  sentRecord,
  unsendableRecord,
  verdictRecord,
} from '../delivery/outcome-of.js';
import type { SendGate } from '../delivery/send-gate.js';
import { DeliveryError } from '../domain/errors.js';
import type { Notification, NotificationGroup } from '../domain/notification.js';
import type { OutcomeRecord, SettledAlarm, StageOutcome } from '../domain/outcome.js';
import { isNonEmpty } from '../domain/position.js';
import type { Stage } from '../ports/flow.js';
import type { NotifierSet } from '../ports/notifier.js';
import type { Clock } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

export interface NotificationProcessorOptions {
  readonly notifiers: NotifierSet;
  readonly gate: SendGate;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Sends each notification of an alarm and decides its outcome: one record per method, in the order of the group. */
export class NotificationProcessor implements Stage<NotificationGroup, SettledAlarm> {
  readonly name = 'notification_processor';
  readonly #options: NotificationProcessorOptions;

  constructor(options: NotificationProcessorOptions) {
    this.#options = options;
  }

  /** @throws ABORTED when `signal` aborts: what was not decided by then has no outcome. */
  async process(group: NotificationGroup, signal: AbortSignal): Promise<StageOutcome<SettledAlarm>> {
    const settling = group.notifications.map((notification) => this.#settle(notification, signal));
    // Every send has ended before the group does, the aborted ones too: nothing is still under way for an item given up.
    const settled = await Promise.allSettled(settling);
    const records: OutcomeRecord[] = [];
    for (const result of settled) {
      if (result.status === 'rejected') throw result.reason;
      records.push(result.value);
    }
    if (!isNonEmpty(records)) throw new RangeError('a group without notifications');
    return { kind: 'forward', item: { position: group.position, records } };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#options.notifiers.open.values()].map((notifier) => notifier.close()));
  }

  async #settle(notification: Notification, signal: AbortSignal): Promise<OutcomeRecord> {
    const { type } = notification.method;
    const { notifiers, telemetry } = this.#options;
    const isKnown = notifiers.open.has(type) || notifiers.unconfigured.has(type);
    const record = await this.#send(notification, signal);
    // Rows may name any type; only known ones become a label.
    telemetry.count('notifications_total', { type: isKnown ? type : 'unknown', outcome: record.outcome });
    const { replay, attempt, putOffCount = 0 } = notification;
    // Put off, it comes back as the attempt that it still is.
    if (replay !== undefined && attempt === 1 && putOffCount === 0)
      telemetry.count('dead_letters_replayed_total', { reason: replay.reason });
    telemetry.event('notification_settled', fieldsOf(record));
    return record;
  }

  async #send(notification: Notification, signal: AbortSignal): Promise<OutcomeRecord> {
    const { notifiers, gate, clock, policies, telemetry } = this.#options;
    if (notification.verdict !== undefined) return verdictRecord(notification, notification.verdict);
    const { type } = notification.method;
    const notifier = notifiers.open.get(type);
    if (notifier === undefined) {
      const detail = notifiers.unconfigured.get(type) ?? 'no notifier of this type is enabled';
      return unsendableRecord(notification, detail);
    }
    try {
      const result = await gate.send(notifier, notification, signal);
      if (result.kind === 'put_off') return putOffRecord(notification, result, clock.nowMs(), policies);
      const nowMs = clock.nowMs();
      telemetry.observe('alarm_to_sent_seconds', Math.max(0, nowMs - notification.alarm.recordedAtMs) / 1000);
      return sentRecord(notification, result.receipt, nowMs, policies);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      return failedRecord(notification, error, clock.nowMs(), policies);
    }
  }
}

function fieldsOf(record: OutcomeRecord) {
  const { notification, outcome } = record;
  return {
    ...notification.position,
    notification_id: notification.id,
    method_type: notification.method.type,
    outcome,
    attempt: notification.attempt,
    ...(outcome === 'retrying' || outcome === 'dead' ? { detail: record.detail } : {}),
  };
}
