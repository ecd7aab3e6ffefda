import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import mysql from 'mysql2/promise';
import { randomName } from '../support/random-name.js';
import { repoRoot } from '../support/repo.js';
import { requireServices } from '../support/services.js';

/** One run's own topic, database and methods. */
export interface Load {
  readonly topic: string;
  readonly recordTopic: string;
  readonly group: string;
  readonly mysqlUrl: string;
  readonly db: string;
  readonly count: number;
}

const partitionCount = 4;
export const definitionCount = 1_000;

function alarmText(index: number): string {
  return JSON.stringify({
    'alarm-transitioned': {
      tenantId: 'tenant-1',
      alarmId: `alarm-${index}`,
      alarmDefinitionId: `definition-${index % definitionCount}`,
      metrics: [
        {
          id: null,
          name: 'cpu.percent',
          dimensions: { hostname: `host-${index % 500}`, service: 'compute', region: 'a' },
        },
      ],
      alarmName: 'CPU is high',
      alarmDescription: 'The average over five minutes of the CPU of a host is above 90 percent',
      oldState: 'OK',
      newState: 'ALARM',
      actionsEnabled: true,
      stateChangeReason: `Thresholds were exceeded for the sub-alarms: avg(cpu.percent, 300) > 90 with the values: [97.3] @${Date.now()}`,
      severity: 'HIGH',
      link: null,
      lifecycleState: null,
      subAlarms: [{ subAlarmExpression: 'avg(cpu.percent) > 90', subAlarmState: 'ALARM', currentValues: [97.3] }],
      timestamp: Date.now(),
    },
  });
}

/** The address of alarm `index`, of as many as there are definitions; then they come again. */
export type AddressOf = (index: number) => string;

/** Makes the tables and `count` alarms on 4 partitions; with `address` each has one webhook, without it nobody asked. */
export async function makeLoad(count: number, address: string | AddressOf | undefined): Promise<Load> {
  const services = requireServices();
  const db = randomName('bench');
  const connection = await mysql.createConnection({ uri: services.mysql.url, multipleStatements: true });
  await connection.query(
    `CREATE DATABASE ${db}; USE ${db}; ${readFileSync(join(repoRoot(), 'deploy/dev/schema.sql'), 'utf8')}`,
  );
  const numbers = Array.from({ length: definitionCount }, (_, index) => index);
  await connection.query('INSERT IGNORE INTO notification_method_type (name) VALUES ("WEBHOOK")');
  await connection.query(
    'INSERT INTO alarm_definition (id, tenant_id, name, expression, severity, created_at, updated_at) VALUES ?',
    [numbers.map((each) => [`definition-${each}`, 'tenant-1', 'CPU', 'x', 'HIGH', new Date(), new Date()])],
  );
  if (address !== undefined) {
    const addressOf = typeof address === 'string' ? () => address : address;
    await connection.query(
      'INSERT INTO notification_method (id, tenant_id, name, type, address, created_at, updated_at) VALUES ?',
      [
        numbers.map((each) => [
          `method-${each}`,
          'tenant-1',
          'hook',
          'WEBHOOK',
          addressOf(each),
          new Date(),
          new Date(),
        ]),
      ],
    );
    await connection.query('INSERT INTO alarm_action (alarm_definition_id, alarm_state, action_id) VALUES ?', [
      numbers.map((each) => [`definition-${each}`, 'ALARM', `method-${each}`]),
    ]);
  }
  await connection.end();
  const topic = randomName('bench-alarms');
  const recordTopic = randomName('bench-records');
  await produce(services.kafkaUrl, topic, recordTopic, count);
  const url = new URL(services.mysql.url);
  url.pathname = `/${db}`;
  return { topic, recordTopic, group: randomName('bench-group'), mysqlUrl: url.href, db, count };
}

async function produce(kafkaUrl: string, topic: string, recordTopic: string, count: number): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: kafkaUrl.split(','), logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [topic, recordTopic].map((name) => ({ topic: name, numPartitions: partitionCount })),
  });
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let start = 0; start < count; start += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, count - start) }, (_, index) => ({
      value: alarmText(start + index),
      partition: (start + index) % partitionCount,
    }));
    await producer.send({ topic, acks: -1, messages });
  }
  await producer.disconnect();
}

/** Writes `perSecond` alarms a second, one at a time, for `seconds`. */
export async function producePaced(load: Load, perSecond: number, seconds: number): Promise<void> {
  const kafka = new kafkajs.Kafka({
    brokers: requireServices().kafkaUrl.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const startedAtMs = performance.now();
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const dueInMs = startedAtMs + (index * 1_000) / perSecond - performance.now();
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
    const messages = [{ value: alarmText(index), partition: index % partitionCount }];
    await producer.send({ topic: load.topic, acks: -1, messages });
  }
  await producer.disconnect();
}
