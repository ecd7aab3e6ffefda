import type { MetricSpec } from './metric-spec.js';

/** What the digest measures. */
export const digestMetrics = {
  digest_messages_total: {
    kind: 'counter',
    help: 'Messages that a digest took, by kind and what became of them',
    labels: ['kind', 'result'],
  },
  digest_digests_total: {
    kind: 'counter',
    help: 'Digests by reason (command, schedule) and result (sent, failed)',
    labels: ['reason', 'result'],
  },
  digest_alarms_sent_total: { kind: 'counter', help: 'Alarms inside published digests' },
  digest_pending_alarms: { kind: 'gauge', help: 'Alarms that the next digests contain' },
  digest_users: { kind: 'gauge', help: 'Users whose alarms are known' },
  digest_tombstones: { kind: 'gauge', help: 'Cleared alarms that are remembered' },
  digest_mailbox_depth: { kind: 'gauge', help: 'Messages that wait for a digest worker', labels: ['worker'] },
  digest_publish_seconds: { kind: 'histogram', help: 'Time until the digests of one round are confirmed' },
  digest_store_seconds: { kind: 'histogram', help: 'Time until one round is durable' },
  digest_redelivered_total: { kind: 'counter', help: 'Messages that were delivered before' },
  digest_owned_workers: { kind: 'gauge', help: 'Digest workers that this instance owns' },
  digest_schedule_lag_seconds: { kind: 'gauge', help: 'How late the last scheduled digest was' },
} as const satisfies Record<string, MetricSpec>;
