import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DigestProcess } from '../support/digest/digest-process.js';
import { openTestBus } from '../support/digest/digest-world.js';
import { randomName } from '../support/random-name.js';
import { skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

it('one user gets a digest of what is still active, the other each alarm at once', {
  skip: skipWithoutServices(),
  timeout: 180_000,
}, async (t) => {
  const world = await World.create(t, { partitionCount: 2 });
  const [atOnce, inDigest] = [await world.webhook(), await world.webhook()];
  const definition = await world.definition(atOnce, inDigest);
  const name = randomName('digest');
  const changes = {
    ...{ 'digest.transport': 'kafka', 'digest.workers': 2, 'digest.status_topic': `${name}-status` },
    ...{ 'digest.command_topic': `${name}-command`, 'digest.digest_topic': `${name}-digest` },
    ...{ 'digest.state_topic': `${name}-state`, [`digest.methods.${inDigest}.delivery`]: 'digest' },
    'zookeeper.session_timeout_seconds': 4,
  };
  const words = ['--engine-config', await world.configure(changes, 'digest')];
  const [first, second] = [new DigestProcess(words), new DigestProcess(words)];
  t.after(async () => void (await Promise.all([first.end('SIGKILL'), second.end('SIGKILL')])));
  first.start();
  await first.takesOver(60_000);
  await world.startActive(changes);
  const told = (id: string) => world.receipts().filter(({ methodId }) => methodId === id);
  const [stays] = await world.send(1, definition, { tenantId: 'u-1', severity: 'HIGH' });
  const [ends] = await world.send(1, definition, { tenantId: 'u-1', timestamp: Date.now() - 5_000 });
  await world.send(1, definition, { tenantId: 'u-1', alarmId: ends?.alarmId, newState: 'OK', timestamp: Date.now() });
  await world.caughtUp();
  await waitFor(() => told(atOnce).length >= 2, 'both alarms to be told at once');
  assert.equal(told(inDigest).length, 0);
  await first.end('SIGKILL');
  second.start();
  await second.takesOver(60_000);
  const bus = await openTestBus(words, t);
  bus.publish('command', 'u-1', JSON.stringify({ UserID: 'u-1' }));
  await bus.flush();
  await waitFor(() => world.http.requests.some(({ path }) => path.endsWith(inDigest)), 'the digest', {
    timeoutMs: 60_000,
  });
  const [digest] = world.http.requests.filter(({ path }) => path.endsWith(inDigest));
  const body = JSON.parse(digest?.body ?? '{}');
  assert.deepEqual(
    [body.kind, body.alarms.map((one: { alarm_id: string }) => one.alarm_id)],
    ['digest', [stays?.alarmId]],
  );
  const isRecorded = async () =>
    (await world.records('sent')).some(({ value }) => value.alarm_id === stays?.alarmId && value.id === inDigest);
  await waitFor(isRecorded, 'a record of the alarm inside', { timeoutMs: 30_000 });
});
