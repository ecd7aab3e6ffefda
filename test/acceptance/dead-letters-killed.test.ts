import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { encodeOutcomeRecord } from '../../src/domain/outcome-record.js';
import { alarmWith } from '../support/alarms.js';
import { CommandRun, runCommand } from '../support/command-run.js';
import { aNotification } from '../support/notifications.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

const count = 1_000;
const slowly = { timeoutMs: 60_000 };

describe('a replay that is killed half way', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();

  /** Letters as the engine parks them, of alarms that nobody was told of. */
  function letters(topic: string, methodId: string) {
    return Array.from({ length: count }, (_, index) => {
      const position = { topic, partition: 0, offset: BigInt(1_000_000 + index) };
      const alarm = alarmWith({ alarmId: `a-${index}`, timestamp: Date.now() }, position);
      const told = aNotification('webhook', 'x', { alarm, id: notificationId(position, methodId) });
      const notification = { ...told, method: { ...told.method, id: methodId } };
      const record = { notification, history: [], outcome: 'dead', reason: 'refused', detail: 'no' } as const;
      const { key, value, headers } = encodeOutcomeRecord(record, 'test');
      return { partition: index % 2, key, value: String(value), headers };
    });
  }

  it('loses no letter: what it had not settled is sent by the next one, under the same ids', async () => {
    const world = await World.create(suite, { partitionCount: 2 });
    const config = await world.configure();
    const hook = await world.webhook();
    await world.startActive();
    const parked = letters(world.topic, hook);
    await world.kafka.produce(world.topics.dead, parked);
    const words = ['dead-letters', 'replay', '--config', config, '--all', '--reason', 'refused'];
    const first = new CommandRun(words);
    const settled = async () =>
      [...(await world.kafka.logEnds(world.topics.dead)).values()].some((end) => end > count / 2);
    await waitFor(settled, 'the first settlements', slowly);
    first.signal('SIGKILL');
    assert.equal((await first.ended).code, null);
    const second = await runCommand(...words);
    assert.equal(second.code, 0, second.err);
    const told = () => new Set(world.http.requests.map(({ headers }) => headers['webhook-id']));
    await waitFor(() => told().size === count, 'all of them', slowly);
    assert.deepEqual([...told()].sort(), parked.map(({ key }) => key).sort());
    const list = await runCommand('dead-letters', 'list', '--config', config, '--json');
    assert.deepEqual(JSON.parse(list.out).dead_letters, []);
    const repeats = world.http.requestCount - count;
    const left = second.out.split('\n').length - 1;
    console.log(`${count} letters, killed with ${left} left: ${repeats} told twice`);
    assert.ok(repeats <= 100, `${repeats} told twice`);
  });
});
