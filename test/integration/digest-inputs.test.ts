import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { AlarmKafka } from '../support/alarm-kafka.js';
import { alarmFields } from '../support/alarms.js';
import { runCommand } from '../support/command-run.js';
import { DigestProcess } from '../support/digest/digest-process.js';
import { digestKafkaConfig, openTestBus } from '../support/digest/digest-world.js';
import { runProgram } from '../support/program.js';
import { randomName } from '../support/random-name.js';
import { requireServices, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const partitions = 3;
const alarmPartitions = 4;

/** A digest on topics of its own, with more said in its file. */
async function world(t: TestContext, changes: (text: string) => string) {
  const file = await digestKafkaConfig(t, partitions);
  const text = await readFile(file, 'utf8');
  await writeFile(file, changes(text));
  const group = `${/group: (\S+)/.exec(text)?.[1]}-digest`;
  const kafka = await AlarmKafka.connect(requireServices().kafkaUrl);
  t.after(() => kafka.close());
  return { group, kafka, words: ['--engine-config', file] };
}

async function started(t: TestContext, words: readonly string[]): Promise<DigestProcess> {
  const digest = new DigestProcess(words);
  t.after(async () => void (await digest.end('SIGKILL')));
  digest.start();
  await waitFor(() => digest.ownedWorkers.size === partitions, 'all workers', { timeoutMs: 60_000 });
  return digest;
}

describe('the commands of a digest on Kafka', { skip: skipWithoutServices() }, () => {
  it('end where no digest has ever run, and say what to start', async (t) => {
    const { words } = await world(t, (text) => text);
    const { code, stderr } = await runProgram('digest', 'send', 'somebody', ...words);
    assert.equal(code, 1);
    assert.match(stderr, /does not exist in Kafka: start mon-notification digest --transport kafka first/);
  });
});

describe('a digest that reads the alarms of other producers', { skip: skipWithoutServices() }, () => {
  for (const lock of ['topic', 'partition']) {
    it(`tells each tenant of them once, also when it is killed meanwhile (lock ${lock})`, async (t) => {
      const alarmTopic = randomName('alarms');
      const { group, kafka, words } = await world(t, (text) =>
        text.replace('kafka:\n', `kafka:\n  alarm_topic: ${alarmTopic}\n`),
      );
      await kafka.createTopic(alarmTopic, alarmPartitions);
      const tenants = Array.from({ length: 40 }, (_, index) => `tenant-${index}`);
      const alarm = (tenantId: string, alarmId: string, changes: object = {}) => ({
        key: alarmId,
        partition: Number(alarmId.slice(2)) % alarmPartitions,
        value: JSON.stringify({ 'alarm-transitioned': alarmFields({ tenantId, alarmId, ...changes }) }),
      });
      await kafka.produce(alarmTopic, [
        ...tenants.map((tenant, index) => alarm(tenant, `a-${index}`)),
        { partition: 0, value: 'garbage' },
        alarm('tenant-0', 'a-100', { kind: 'repeat' }),
        alarm('tenant-1', 'a-1', { newState: 'OK', timestamp: 1429023453633 }),
      ]);
      const digest = await started(t, [...words, '--lock', lock, '--from-alarms']);
      await digest.end('SIGKILL');
      digest.start();
      const isRead = async () => {
        const offsets = await kafka.groupOffsets(group, alarmTopic);
        return [...(await kafka.logEnds(alarmTopic))].every(([partition, end]) => offsets.get(partition) === end);
      };
      await waitFor(isRead, 'every alarm to be passed on', { timeoutMs: 60_000 });
      const bus = await openTestBus(words, t);
      const heard: string[] = [];
      await bus.listen((text) => heard.push(text));
      const named = (tenant: string) => heard.filter((text) => text.includes(`"${tenant}"`));
      const isComplete = async () => {
        for (const tenant of tenants) bus.publish('command', tenant, JSON.stringify({ UserID: tenant }));
        await bus.flush();
        return tenants.every((tenant) => tenant === 'tenant-1' || named(tenant).length > 0);
      };
      await waitFor(isComplete, 'a digest for every tenant', { timeoutMs: 60_000 });
      const time = '2015-04-14T14:57:33.632Z';
      const entry = (id: string) => `{"AlarmID":"${id}","Status":"WARNING","LatestChangedAt":"${time}"}`;
      for (const [index, tenant] of tenants.entries()) {
        const expected = `{"UserID":"${tenant}","ActiveAlarms":[${entry(`a-${index}`)}]}`;
        assert.deepEqual(named(tenant), tenant === 'tenant-1' ? [] : [expected]);
      }
    });
  }

  it('exits 2 on NATS, where there are none', async () => {
    assert.equal((await runCommand('digest', '--transport', 'nats', '--from-alarms')).code, 2);
  });
});

describe('a digest that publishes all', { skip: skipWithoutServices() }, () => {
  it('publishes the digest of a method without naming the method', async (t) => {
    const { words } = await world(t, (text) => text.replace('digest:\n', 'digest:\n  publish_all: true\n'));
    await started(t, words);
    const bus = await openTestBus(words, t);
    const heard: string[] = [];
    await bus.listen((text) => heard.push(text));
    const change = { AlarmID: 'a', UserID: 'u', MethodID: 'm', Status: 'CRITICAL', ChangedAt: '2026-01-01T00:00:00Z' };
    bus.publish('status', 'u', JSON.stringify(change));
    bus.publish('command', 'u', JSON.stringify({ UserID: 'u' }));
    await bus.flush();
    await waitFor(() => heard.length > 0, 'the digest', { timeoutMs: 30_000 });
    const entry = '{"AlarmID":"a","Status":"CRITICAL","LatestChangedAt":"2026-01-01T00:00:00Z"}';
    assert.deepEqual(heard, [`{"UserID":"u","ActiveAlarms":[${entry}]}`]);
  });
});
