import type { EventSpec } from './event-spec.js';

/** Events of single alarms, methods and notifications. */
export const alarmEvents = {
  item_quarantined: {
    level: 'error',
    meaning: 'An item was in the hands of two workers that died; it is parked unopened with reason killed_workers',
    action: 'look at the dead letter; report what it did',
  },
  notification_settled: {
    level: 'debug',
    meaning: 'One send has ended; `outcome` says how, `detail` why not',
    action: 'none',
  },
  template_failed: {
    level: 'warn',
    meaning: 'A template could not be rendered for one notification; the built-in text went out for this `part` of it',
    action: 'correct the template by `problem`; `mon-notification render` shows the result for an alarm',
    counter: 'template_failures_total',
  },
  notifier_plugin_loaded: { level: 'info', meaning: 'A notifier of a third party is in use', action: 'none' },
  method_unusable: {
    level: 'warn',
    meaning: 'A notification method cannot be told, `problem` says why: its notifications are parked',
    action: 'correct the method, then replay the dead letters',
  },
  method_option_unusable: {
    level: 'warn',
    meaning: 'An option of a digest method cannot be used as it is in its row; `problem` says what counts instead',
    action: 'correct the row of notification_method_option',
    counter: 'method_options_unusable_total',
  },
  methods_unread: {
    level: 'error',
    meaning:
      'Far too many methods ask for one alarm: those beyond the limit are not read, and the alarm is parked for their sake',
    action: 'correct the rows of alarm_action, then replay the dead letter',
  },
  method_of_other_tenant: {
    level: 'debug',
    meaning: 'An alarm is told to a method of another tenant',
    action: 'none, unless tenants should not share methods',
    counter: 'lookup_tenant_mismatches_total',
  },
  retry_vanished: {
    level: 'error',
    meaning: 'Retention or compaction took a retry or a repeat from its topic before it was due; it is not told',
    action:
      'let the topic keep its records longer than processors.alarm.ttl and than its period, and do not compact the retry topic',
    counter: 'retries_vanished_total',
  },
  alarm_malformed: {
    level: 'warn',
    meaning: 'A message is no valid alarm; it is parked',
    action: 'see the detail with `dead-letters show`; correct its producer',
  },
  alarm_field_defaulted: {
    level: 'debug',
    meaning: 'A field that only decorates was of a wrong type and is left out',
    action: 'correct the producer',
    counter: 'alarm_fields_defaulted_total',
  },
  alarm_finished_early: {
    level: 'debug',
    meaning: 'An alarm needs no notification; `reason` says why',
    action: 'none',
  },
  alarm_not_folded: {
    level: 'debug',
    meaning: 'An alarm goes into no digest; `reason` says why',
    action: 'none',
  },
  breaker_opened: {
    level: 'warn',
    meaning:
      'Sends failed five times in a row, `error` says how. `scope` address: at the address of `method_id`; destination: for the whole host or relay. A worker sends nothing there before a probe succeeds, and what is for it waits as `retrying`',
    action: 'look at the receiver; nothing is lost, and no attempt is used up meanwhile',
  },
  breaker_closed: { level: 'info', meaning: 'What a worker had left alone answers again', action: 'none' },
} as const satisfies Record<string, EventSpec>;
