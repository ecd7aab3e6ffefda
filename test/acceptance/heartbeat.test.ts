import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { World } from '../support/world.js';

const key = 'KEY-OF-THE-SWITCH';

describe('the heartbeat of two engines', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();

  it('comes from the active one alone, and from the other when it takes over', async () => {
    const world = await World.create(suite);
    const settings = (who: string) => ({ 'heartbeat.url': `${world.http.url}/${who}/${key}`, 'heartbeat.interval': 1 });
    const beatsOf = (who: string) => world.http.requests.filter(({ path }) => path === `/${who}/${key}`);
    const first = await world.startActive(settings('first'));
    const second = await world.start(settings('second'));
    await second.becomes('standby');
    await waitFor(() => beatsOf('first').length > 2, 'three beats');
    assert.equal(beatsOf('first')[0]?.method, 'GET');
    assert.deepEqual(beatsOf('second'), []);
    assert.match((await first.get('/metrics')).text, /^mon_notification_heartbeats_total\{result="taken"\} [1-9]/m);
    assert.match((await second.get('/metrics')).text, /^mon_notification_heartbeats_total\{result="taken"\} 0$/m);
    assert.equal(await first.stop(), 0);
    const count = beatsOf('first').length;
    await waitFor(() => beatsOf('second').length > 1, 'beats of the other', { timeoutMs: 60_000 });
    assert.equal(beatsOf('first').length, count);
    assert.equal(await second.stop(), 0);
    assert.ok(![first, second].some(({ stderr }) => stderr.includes(key)));
  });
});
