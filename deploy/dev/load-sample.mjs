/**
 * Gives the services of `npm run dev:up` what an engine needs: the alarm topic, the tables and the sample data of the demo.
 *
 *   node deploy/dev/load-sample.mjs [URL-OF-A-RECEIVER]
 *
 * KAFKA_URL and MYSQL_URL name the services. The methods of the sample data post below the URL (default http://127.0.0.1:9000).
 */
import kafkajs from 'kafkajs';
import { loadDatabase } from './demo/outside.mjs';
import { parseMysqlUrl } from './services.mjs';

const topic = 'alarm-state-transitions';

async function createTopic(brokers) {
  const admin = new kafkajs.Kafka({ clientId: 'load-sample', brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}

const { KAFKA_URL, MYSQL_URL } = process.env;
try {
  if (!KAFKA_URL || !MYSQL_URL)
    throw new Error('KAFKA_URL and MYSQL_URL must be set: take over what `npm run dev:up` prints');
  const receiver = process.argv[2] ?? 'http://127.0.0.1:9000';
  const isNew = await createTopic(KAFKA_URL.split(','));
  process.stderr.write(`topic ${topic}: ${isNew ? 'created' : 'was there'}\n`);
  await loadDatabase(parseMysqlUrl(MYSQL_URL), undefined, { webhookUrl: receiver, slowUrl: receiver });
  process.stderr.write(`tables and sample data: loaded, methods post to ${receiver}\n`);
} catch (error) {
  const hint = /already exists/.test(error.message) ? '; begin anew with `npm run dev:up -- --fresh`' : '';
  process.stderr.write(`${error.message}${hint}\n`);
  process.exitCode = 1;
}
