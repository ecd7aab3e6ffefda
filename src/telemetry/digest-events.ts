import type { EventSpec } from './event-spec.js';

/** What the digest tells. */
export const digestEvents = {
  digest_starting: { level: 'info', meaning: 'The digest starts', action: 'none' },
  digest_stopped: { level: 'info', meaning: 'The last line of a run of the digest', action: 'none' },
  digest_stop_forced: {
    level: 'warn',
    meaning:
      'The broker did not answer during a stop, or a second signal came: what was taken and not finished comes again, without JetStream it is lost',
    action: 'see the broker',
  },
  digest_took_over: {
    level: 'info',
    meaning: 'This instance owns digest workers and has read their state',
    action: 'none',
  },
  digest_handed_over: {
    level: 'info',
    meaning: 'This instance has finished what it took and gives `workers` to another one, or it stops',
    action: 'none',
  },
  digest_gave_up: {
    level: 'warn',
    meaning: 'This instance owns its digest workers no more, `error` says why; it tries to have them again',
    action: 'none when another instance took over; else see the broker',
  },
  digest_not_durable: {
    level: 'warn',
    meaning: 'The server offers no JetStream: what a digest knows is lost with its process',
    action: 'switch JetStream on at the server, or say --jetstream off to accept this',
  },
  digest_message_malformed: {
    level: 'warn',
    meaning: 'A message to the digest means nothing, `reason` says why; it is put aside as a dead letter',
    action: 'see who publishes it',
  },
  digest_field_left_out: {
    level: 'debug',
    meaning: 'A `field` that only adds to a status change was of a wrong type and is left out; the change counts',
    action: 'correct who publishes it',
    counter: 'digest_fields_left_out_total',
  },
  digest_commit_failed: {
    level: 'warn',
    meaning: 'What a digest worker decided could not be made durable; it is tried again, nothing is lost',
    action: 'see the broker',
  },
  digest_overflow: {
    level: 'error',
    meaning: 'Without JetStream more messages came than can wait; `dropped` of them are lost',
    action: 'use JetStream',
  },
  digest_topic_restarted: {
    level: 'warn',
    meaning:
      'An input topic of the digest ends before the committed position: it was made anew, and is read from its start',
    action: 'none',
  },
  nats_away: { level: 'warn', meaning: 'No connection to NATS; tried again for ever', action: 'see the server' },
  nats_back: { level: 'info', meaning: 'NATS answers again', action: 'none' },
} as const satisfies Record<string, EventSpec>;
