import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { CommandRun } from '../support/command-run.js';
import { EndpointSite } from '../support/endpoint-site.js';
import { freePort } from '../support/free-port.js';
import { answer } from '../support/http-receiver.js';
import { waitFor } from '../support/wait-for.js';

const nowhere = '127.0.0.1:1';
const firing = {
  ...{ name: 'alert-1', query: 'q', intervalSecs: 1 },
  ...{ warn: { value: 100, message: 'w' }, critical: { value: 200, message: 'c' } },
};

/** Starts producers that publish, on files of this test's own: an endpoint that is well, an alert that fires. Kafka is away. */
async function producing(t: TestContext) {
  const site = await EndpointSite.open(t);
  site.receiver.react = (socket, request) => {
    const path = request.line.split(' ')[1];
    const body = path === '/alerts' ? JSON.stringify([firing]) : '{"value":250}';
    answer(200, body)(socket, request);
  };
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
    alertExec: (state: string, ...more: readonly string[]) =>
      start(['alert-exec', '--engine-config', config, ...sink, site.path(state), ...more]),
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
    const waiting = (state: string) => alertExec(state, '--url', nowhere);
    const first = waiting('state.json');
    await first.says('alerts_unavailable');
    for (const other of [waiting('link/state.json'), monitor('link/state.json')]) {
      await other.says(`state.json is in use by process ${first.pid}; end that one, or name another file with --state`);
      assert.equal((await other.ended).code, 1);
    }
    first.signal('SIGSTOP');
    await waiting('state.json').says('is in use by another process');
    first.signal('SIGKILL');
    await first.ended;
    const next = waiting('state.json');
    await next.says('alerts_unavailable');
    next.signal('SIGTERM');
    assert.equal((await next.ended).code, 0);
  });

  it('keeps alarms of one name and two tenants apart in its state', async (t) => {
    const { site, alertExec } = await producing(t);
    const kept = (): readonly { pending?: { key: string } }[] => JSON.parse(readFileSync(site.path('s.json'), 'utf8'));
    for (const [count, tenant] of ['t-1', 't-2'].entries()) {
      const run = alertExec('s.json', '--url', site.url(''), '--tenant', tenant);
      await run.says('Press Ctrl-C to exit');
      await waitFor(() => kept().length > count, `an alarm of ${tenant}`);
      run.signal('SIGKILL');
      await run.ended;
    }
    assert.deepEqual(
      kept().map(({ pending }) => pending?.key),
      ['t-1', 't-2'],
    );
  });

  it('needs no word on MySQL and ZooKeeper, and finds its configuration by the environment too', async (t) => {
    const { monitorOfEnvironment } = await producing(t);
    const run = monitorOfEnvironment('state.json');
    await run.prints('---');
    run.signal('SIGINT');
    assert.equal((await run.ended).code, 0);
  });

  it('ends at once when it is asked a second time, whatever is under way', async (t) => {
    const { site, alertExec } = await producing(t);
    const run = alertExec('s.json', '--url', site.url(''));
    await waitFor(
      () => existsSync(site.path('s.json')) && readFileSync(site.path('s.json'), 'utf8').includes('pending'),
      'an event',
    );
    run.signal('SIGINT');
    await run.says('Ctrl-C pressed ...');
    run.signal('SIGTERM');
    assert.equal((await run.ended).code, 1);
  });

  it('is not ready while Kafka is away, also before there is any event', async (t) => {
    const { monitor } = await producing(t);
    const port = await freePort();
    const run = monitor('state.json', '--metrics-listen', `127.0.0.1:${port}`);
    await run.prints('---');
    const readiness = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/ready`);
      return `${response.status} ${await response.text()}`;
    };
    await waitFor(async () => /^503 .*ECONNREFUSED/.test(await readiness()), 'the reason why it is not ready');
    await run.says('kafka_away');
    run.signal('SIGTERM');
    assert.equal((await run.ended).code, 0);
  });
});
