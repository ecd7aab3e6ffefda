import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleAlerts } from '../../src/producers/fake-alerts/script.js';
import { alertExecBench } from '../support/alert-exec-bench.js';

it('1,000 alerts for 30 minutes on a server that fails 1.8 % of all calls: each change told once, nothing more, nothing missing', async () => {
  const script = { alerts: sampleAlerts(1_000, 15, 100), list: [{ status: 500 }] };
  const { clock, fake, wire, stop, ended } = await alertExecBench({ script, faults: 0.018, random: 3, latencyMs: 1 });
  await clock.advance(1_800_000);
  stop.abort();
  await clock.advance(5_000);
  assert.equal(await ended, 'stopped');
  const { failures, servedCount, acceptedCount } = fake.report();
  assert.deepEqual(failures, []);
  assert.ok(servedCount >= 1_000 * 119 && acceptedCount > 10_000, `${servedCount} served, ${acceptedCount} accepted`);
  assert.ok(fake.faultCount > 1_000);
  assert.equal(wire.most, 2);
});
