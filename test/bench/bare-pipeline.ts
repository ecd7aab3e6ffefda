import kafkajs from 'kafkajs';
import mysql from 'mysql2/promise';
import { Agent, request } from 'undici';

/**
 * The parts of an engine joined by nothing: consume, parse, look up, post, record, commit. No ledger, no retries, no limits, no address
 * rules, no metrics, one process: what any real engine has to be measured against.
 */
interface Job {
  readonly kafkaUrl: string;
  readonly mysqlUrl: string;
  readonly topic: string;
  readonly recordTopic: string;
  readonly count: number;
}

const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const kafka = new kafkajs.Kafka({ brokers: [job.kafkaUrl], logLevel: kafkajs.logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: `bare-${job.topic}`, maxWaitTimeInMs: 100 });
const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
const pool = mysql.createPool({ uri: job.mysqlUrl, connectionLimit: 8 });
const agent = new Agent({ connections: 32 });
const lookup =
  'SELECT m.id, m.type, m.name, m.address FROM alarm_action a JOIN notification_method m ON a.action_id = m.id WHERE a.alarm_definition_id = ? AND a.alarm_state = ?';
let done = 0;

async function tell(text: string): Promise<object> {
  const alarm = JSON.parse(text)['alarm-transitioned'];
  const [rows] = await pool.execute<mysql.RowDataPacket[]>(lookup, [alarm.alarmDefinitionId, alarm.newState]);
  const body = JSON.stringify({
    alarm_id: alarm.alarmId,
    alarm_name: alarm.alarmName,
    state: alarm.newState,
    metrics: alarm.metrics,
  });
  for (const row of rows) {
    const headers = { 'content-type': 'application/json', 'webhook-id': alarm.alarmId };
    const answer = await request(row.address, { method: 'POST', body, headers, dispatcher: agent });
    await answer.body.dump();
  }
  return { alarm_id: alarm.alarmId, raw_alarm: alarm };
}

await Promise.all([consumer.connect(), producer.connect()]);
await consumer.subscribe({ topic: job.topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    for (let start = 0; start < batch.messages.length; start += 32) {
      const slice = batch.messages.slice(start, start + 32);
      const records = await Promise.all(slice.map((message) => tell(String(message.value))));
      await producer.send({
        topic: job.recordTopic,
        acks: -1,
        messages: records.map((record) => ({ value: JSON.stringify(record) })),
      });
      const offset = String(BigInt(slice.at(-1)?.offset ?? 0) + 1n);
      await consumer.commitOffsets([{ topic: job.topic, partition: batch.partition, offset }]);
      done += slice.length;
    }
    if (done >= job.count) process.send?.({ done });
  },
});
process.on('disconnect', () => process.exit(0));
