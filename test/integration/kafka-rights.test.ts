import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import kafkajs from 'kafkajs';
import type { KafkaConnection } from '../../src/adapters/kafka/connection-options.js';
import { KafkaProducer } from '../../src/adapters/kafka/producer.js';
import { createMissingTopics } from '../../src/adapters/kafka/topics.js';
import { Secret } from '../../src/domain/secret.js';
import { KafkaLab } from '../support/kafka-lab.js';
import { ReadingSource } from '../support/reading-source.js';
import { waitFor } from '../support/wait-for.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

let lab: KafkaLab;
let connection: KafkaConnection;
let deps: ReturnType<KafkaLab['deps']>;
const never = new AbortController().signal;

async function allow(resourceName: string, operation: kafkajs.AclOperationTypes): Promise<void> {
  const principal = 'User:notify';
  await lab.admin.createAcls({
    acl: [
      {
        resourceType: AclResourceTypes.TOPIC,
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal,
        host: '*',
        operation,
        permissionType: AclPermissionTypes.ALLOW,
      },
    ],
  });
}

function loginWith(password: string): KafkaConnection {
  return { ...lab.connection, sasl: { mechanism: 'plain', username: 'notify', password: new Secret(password) } };
}

before(async () => {
  lab = await KafkaLab.start({ kafkaSasl: true });
  connection = loginWith(lab.services.kafkaUsers.notify);
  deps = lab.deps();
});

after(async () => await lab.stop());

test('a missing right to see the topic ends reading with RIGHT_MISSING', async () => {
  const topic = await lab.topic();
  const source = new ReadingSource(connection, [topic]);
  await waitFor(() => source.ended !== undefined, 'the end of reading');
  const { code, message } = source.ended as { code: string; message: string };
  assert.equal(code, 'RIGHT_MISSING');
  assert.match(message, new RegExp(topic));
  await source.stop();
});

test('a right that is taken away while reading ends it with RIGHT_MISSING (K6)', async () => {
  const topic = await lab.topic();
  await allow(topic, AclOperationTypes.DESCRIBE);
  await allow(topic, AclOperationTypes.READ);
  await lab.write(topic, ['a']);
  const source = new ReadingSource(connection, [topic]);
  source.source.resume({ topic, partition: 0 }, 0n, undefined);
  await waitFor(() => source.alarms.length === 1, 'the alarm');
  await lab.admin.deleteAcls({
    filters: [
      {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: topic,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        operation: AclOperationTypes.READ,
        permissionType: AclPermissionTypes.ALLOW,
      },
    ],
  });
  await waitFor(() => source.ended !== undefined, 'the end of reading');
  assert.equal((source.ended as { code: string }).code, 'RIGHT_MISSING');
  await source.stop();
});

test('a missing right to write fails the publish with RIGHT_MISSING', async () => {
  const topic = await lab.topic();
  await allow(topic, AclOperationTypes.DESCRIBE);
  const producer = new KafkaProducer(connection, { ...deps, onAnswered: () => undefined, onFailure: () => undefined });
  const publishing = producer.publish(topic, { key: 'k', value: 'v', headers: {} }, never);
  await assert.rejects(publishing, { code: 'RIGHT_MISSING', message: new RegExp(topic) });
  await producer.close();
});

test('a missing right to create a topic names the topic and the switch', async () => {
  const [model, missing] = [await lab.topic(), lab.topicName()];
  await allow(model, AclOperationTypes.DESCRIBE);
  await allow(missing, AclOperationTypes.DESCRIBE);
  const creating = createMissingTopics(connection, [missing], model, deps, never);
  await assert.rejects(creating, { code: 'RIGHT_MISSING', message: new RegExp(`${missing}.*kafka\\.create_topics`) });
});

test('a wrong password is a failure that is waited out, told without the password', async () => {
  const topic = await lab.topic();
  const source = new ReadingSource(loginWith('canary-secret'), [topic]);
  await waitFor(() => source.failures.length > 2, 'several failures');
  assert.equal(source.ended, undefined);
  assert.match(source.failures[0] ?? '', /[Aa]uthentication/);
  assert.doesNotMatch(JSON.stringify([source.failures, source.telemetry.events]), /canary-secret/);
  await source.stop();
});
