import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { EngineProcess } from '../support/engine-process.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

const slowly = { timeoutMs: 90_000 };
const alarmCount = 60;

describe('a receiver that fails for everybody', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let engine: EngineProcess;

  before(async () => {
    world = await World.create(suite);
    engine = await world.startActive({
      'retry.interval': 1,
      'processors.alarm.ttl': 3600,
      'processors.notification.number': 1,
      // So few at a time that most have not been tried when the fifth fails.
      'http.concurrency_per_destination': 2,
    });
  });

  it('is left alone and seen to be, uses up no attempts, and is told of everything once it is back (H1)', async () => {
    world.http.answer('*', { status: 503 });
    const hook = await world.webhook();
    await world.send(alarmCount, await world.definition(hook));
    await waitFor(() => engine.lines.some(({ event }) => event === 'breaker_opened'), 'the breaker to open', slowly);
    const opened = engine.lines.find(({ event }) => event === 'breaker_opened');
    assert.deepEqual([opened?.level, opened?.failure], ['warn', 'server_error']);
    const destination = String(opened?.destination);
    await waitFor(async () => (await engine.status()).breakers.length === 1, 'the breaker in the status', slowly);
    assert.deepEqual((await engine.status()).breakers, [{ destination, workers: 1 }]);
    assert.match(
      (await engine.get('/metrics')).text,
      new RegExp(`^mon_notification_breaker_open\\{destination="${destination}"\\} 1$`, 'm'),
    );
    // Everything waits: what was tried once or twice, and what was not.
    const distinctCount = async (of: 'retry' | 'sent') => new Set((await world.records(of)).map(({ key }) => key)).size;
    await waitFor(async () => (await distinctCount('retry')) === alarmCount, 'all to wait', slowly);
    const putOff = (await world.records('retry')).filter(({ value }) => value.put_off !== undefined);
    assert.ok(putOff.length > 0);
    assert.match(String(putOff[0]?.value.detail), /^not tried: /);

    world.http.answer('*', {});
    await waitFor(async () => (await distinctCount('sent')) === alarmCount, 'all to be told', slowly);
    assert.equal((await world.records('dead')).length, 0);
    await waitFor(async () => (await engine.status()).breakers.length === 0, 'the breaker to close', slowly);
    assert.ok(engine.lines.some(({ event }) => event === 'breaker_closed'));
  });
});
