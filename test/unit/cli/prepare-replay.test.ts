import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RawRecord } from '../../../src/adapters/kafka/topic-reader.js';
import { prepareReplay, type RecordAt } from '../../../src/cli/prepare-replay.js';
import type { KafkaConfig } from '../../../src/config/config.js';
import { encodeOutcomeRecord } from '../../../src/domain/outcome-record.js';
import { parseOutcomeRecord } from '../../../src/domain/parse-outcome-record.js';
import { alarmWith, somewhere } from '../../support/alarms.js';
import { parkedMessage, parkedNotification, standing } from '../../support/dead-letter-records.js';
import { aNotification } from '../../support/notifications.js';

const kafka: KafkaConfig = {
  ...{ brokers: ['k:9092'], ssl: undefined, sasl: undefined, group: 'g', createTopics: true },
  ...{ alarmTopic: somewhere.topic, notificationTopic: 'sent', notificationRetryTopic: 'retry' },
  ...{ deadLetterTopic: 'dead', periodic: [{ periodMs: 60_000, topic: 'every-minute' }] },
};
const facts = { kafka, instance: 'test', nowMs: 5_000 };
const nowhere: RecordAt = async () => undefined;
const at = { offset: 0n };

async function written(record: RawRecord, recordAt = nowhere) {
  const prepared = await prepareReplay(record, recordAt, facts);
  assert.ok(typeof prepared === 'object' && 'topic' in prepared, JSON.stringify(prepared));
  return prepared;
}

async function problem(record: RawRecord, recordAt = nowhere): Promise<string> {
  const prepared = await prepareReplay(record, recordAt, facts);
  assert.ok(typeof prepared === 'object' && 'problem' in prepared);
  return prepared.problem;
}

describe('a replay', () => {
  it('puts a notification on the retry topic, under its id', async () => {
    const { topic, record } = await written(parkedNotification('k', at, 'unknown_type'));
    const read = parseOutcomeRecord(Buffer.from(record.value), record.headers, { ...somewhere, topic });
    assert.ok(read.kind === 'outcome');
    assert.deepEqual([topic, read.outcome, read.triedCount], ['retry', 'retrying', 0]);
    assert.deepEqual(read.notification.replay, { atMs: 5_000, reason: 'unknown_type' });
    assert.equal(record.key, read.notification.id);
  });

  it('puts a message back where it came from', async () => {
    const alarm = await written(parkedMessage('{"x":1}', at));
    assert.deepEqual([alarm.topic, Buffer.from(alarm.record.value).toString()], [somewhere.topic, '{"x":1}']);
    const retryAt = { topic: 'retry', partition: 0, offset: 3n };
    assert.equal((await written(parkedMessage('no record', at, 'malformed', retryAt))).topic, 'retry');
    assert.equal((await written(parkedMessage('{}', at, 'killed_workers'))).topic, somewhere.topic);
    const strange = parkedMessage('{}', at, 'malformed', { ...retryAt, topic: 'strange' });
    assert.match(await problem(strange), /topic strange, which this engine does not read/);
  });

  it('of a quarantined notification takes the notification itself from where it was read', async () => {
    const readAt = { topic: 'every-minute', partition: 0, offset: 3n };
    const letter = parkedMessage('{"alarm-transitioned":{}}', at, 'killed_workers', readAt);
    const notification = aNotification('webhook', 'x', { alarm: alarmWith() });
    const record = { notification, history: [], outcome: 'retrying', notBeforeMs: 1, detail: '' } as const;
    const original = standing(encodeOutcomeRecord(record, 'test'), { offset: 3n });
    const again = await written(letter, async (wanted) => (wanted.offset === 3n ? original : undefined));
    assert.deepEqual([again.topic, again.record.key], ['retry', notification.id]);
    assert.match(await problem(letter), /was at every-minute\/0@3, and Kafka holds it no more/);
  });

  it('takes the whole of a message of which only the beginning was parked', async () => {
    const letter = parkedMessage('x'.repeat(1_000_001), at);
    assert.equal(letter.headers['notification-raw'], 'cut');
    const whole = standing({ key: '', value: 'whole', headers: {} }, at);
    const { record } = await written(letter, async () => whole);
    assert.equal(Buffer.from(record.value).toString(), 'whole');
    assert.match(await problem(letter), /Kafka holds it no more/);
  });

  it('refuses what cannot be sent or need not be, and says why', async () => {
    const shortened = { 'notification-shortened': 'sent' };
    assert.match(
      await problem({ ...parkedNotification('k', at), headers: shortened }),
      /topic sent refused.*max\.message/,
    );
    assert.match(await problem(standing({ key: 'k', value: '?', headers: {} }, at)), /not JSON/);
    const notification = aNotification('webhook', 'x', { alarm: alarmWith() });
    const sent = { notification, history: [], outcome: 'sent', sentAtMs: 1, remoteId: undefined } as const;
    assert.match(await problem(standing(encodeOutcomeRecord(sent, 'test'), at)), /its outcome is sent.*discard it/);
  });
});
