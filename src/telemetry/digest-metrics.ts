import { addingFields } from '../ports/digest.js';
import type { MetricSpec } from './metric-spec.js';

const digest = { program: 'digest' } as const;

/** What the digest measures. */
export const digestMetrics = {
  digest_messages_total: {
    ...digest,
    kind: 'counter',
    help: 'Messages that a digest took, by kind and what became of them',
    labels: ['kind', 'result'],
  },
  digest_digests_total: {
    ...digest,
    kind: 'counter',
    help: 'Digests by reason (command, schedule) and result (sent, failed)',
    labels: ['reason', 'result'],
  },
  digest_fields_left_out_total: {
    ...digest,
    kind: 'counter',
    help: 'Fields of a wrong type, left out of status changes',
    labels: ['field'],
    values: addingFields,
  },
  digest_alarms_sent_total: { ...digest, kind: 'counter', help: 'Alarms inside published digests' },
  digest_pending_alarms: { ...digest, kind: 'gauge', help: 'Alarms that the next digests contain' },
  digest_users: { ...digest, kind: 'gauge', help: 'Users whose alarms are known' },
  digest_tombstones: { ...digest, kind: 'gauge', help: 'Cleared alarms that are remembered' },
  digest_mailbox_depth: {
    ...digest,
    kind: 'gauge',
    help: 'Messages that wait for a digest worker',
    labels: ['worker'],
  },
  digest_publish_seconds: { ...digest, kind: 'histogram', help: 'Time until the digests of one round are confirmed' },
  digest_store_seconds: { ...digest, kind: 'histogram', help: 'Time until one round is durable' },
  digest_redelivered_total: { ...digest, kind: 'counter', help: 'Messages that were delivered before' },
  digest_owned_workers: { ...digest, kind: 'gauge', help: 'Digest workers that this instance owns' },
  digest_schedule_lag_seconds: { ...digest, kind: 'gauge', help: 'How late the last scheduled digest was' },
} as const satisfies Record<string, MetricSpec>;
