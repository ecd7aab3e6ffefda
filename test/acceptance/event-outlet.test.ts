import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { CommandRun } from '../support/command-run.js';
import { EndpointSite } from '../support/endpoint-site.js';

const nowhere = '127.0.0.1:1';

/** Starts producers that publish, on files of this test's own. Kafka is away. */
async function producing(t: TestContext) {
  const site = await EndpointSite.open(t);
  const config = site.file(`kafka: {url: "${nowhere}"}\n`, 'kafka.yaml');
  const endpoints = site.file(`- {name: a, url: "${site.url('/')}"}`);
  const start = (words: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const run = new CommandRun(words, { environment });
    t.after(async () => {
      run.signal('SIGKILL');
      await run.ended;
    });
    return run;
  };
  const sink = ['--sink', 'kafka', '--state'];
  return {
    site,
    config,
    alertExec: (state: string, ...more: readonly string[]) =>
      start(['alert-exec', '--url', nowhere, '--engine-config', config, ...sink, site.path(state), ...more]),
    monitor: (state: string, ...more: readonly string[]) =>
      start(['monitor-endpoints', endpoints, '--engine-config', config, ...sink, site.path(state), ...more]),
    monitorOfEnvironment: (state: string, ...more: readonly string[]) =>
      start(['monitor-endpoints', endpoints, ...sink, site.path(state), ...more], { MON_NOTIFICATION_CONFIG: config }),
  };
}

describe('a producer on its way to Kafka', () => {
  it('has its state file to itself, by whichever path, until it is gone', async (t) => {
    const { site, alertExec, monitor } = await producing(t);
    symlinkSync(site.path('.'), site.path('link'));
    const first = alertExec('state.json');
    await first.says('alerts_unavailable');
    for (const other of [alertExec('link/state.json'), monitor('link/state.json')]) {
      await other.says(`state.json is in use by process ${first.pid}; end that one, or name another file with --state`);
      assert.equal((await other.ended).code, 1);
    }
    const beside = alertExec('beside.json');
    await beside.says('alerts_unavailable');
    first.signal('SIGKILL');
    await first.ended;
    const next = alertExec('state.json');
    await next.says('alerts_unavailable');
    for (const run of [beside, next]) run.signal('SIGTERM');
    assert.deepEqual([(await beside.ended).code, (await next.ended).code], [0, 0]);
  });

  it('needs no word on MySQL and ZooKeeper, and finds its configuration by the environment too', async (t) => {
    const { monitorOfEnvironment } = await producing(t);
    const run = monitorOfEnvironment('state.json');
    await run.prints('---');
    run.signal('SIGINT');
    assert.equal((await run.ended).code, 0);
  });
});
