import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Alert } from '../../src/producers/alert-exec/alert.js';
import { FakeAlerts } from '../../src/producers/fake-alerts/fake-alerts.js';
import { startFakeAlertsServer } from '../../src/producers/fake-alerts/fake-alerts-server.js';
import { plainScript, type Script, sampleAlerts, usableAlerts } from '../../src/producers/fake-alerts/script.js';
import { Validator } from '../../src/producers/fake-alerts/validator.js';
import { systemClock } from '../../src/runtime/clock.js';
import { AlarmKafka } from '../support/alarm-kafka.js';
import { CommandRun, runCommand } from '../support/command-run.js';
import { minimal } from '../support/config-file.js';
import { randomName } from '../support/random-name.js';
import { requireServices, skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'alert-exec-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A fake alerts server of this test's own. */
async function serving(t: TestContext, script: Script, faults: number, onCall?: (line: string) => void) {
  const fake = new FakeAlerts({
    script,
    faults,
    random: 11,
    clock: systemClock,
    ...(onCall === undefined ? {} : { onCall }),
  });
  const server = await startFakeAlertsServer(fake, 0, systemClock);
  t.after(() => server.close());
  return { fake, url: `127.0.0.1:${server.port}` };
}

function running(t: TestContext, ...words: readonly string[]): CommandRun {
  const run = new CommandRun(['alert-exec', ...words]);
  t.after(async () => {
    run.signal('SIGKILL');
    await run.ended;
  });
  return run;
}

describe('alert-exec refuses', () => {
  for (const [words, says] of [
    [['-c', 'two'], /--concurrency: expected a whole number, got "two"/],
    [['-i', '1.5'], /--interval: expected a whole number/],
    [['-r', ''], /-r needs a value/],
    [['-l', 'loud'], /--log: expected one of critical, error/],
    [['--url', 'ftp://x'], /--url: expected http/],
    [['--timeout', '0'], /--timeout: expected a number/],
    [['--sink', 'mail'], /--sink: expected http or kafka/],
    [['--refresh', '-5'], /--refresh: expected a number/],
    [['--definition-id', 'x'.repeat(37)], /--definition-id: expected at most 36/],
    [['--metrics-listen', 'here'], /--metrics-listen: expected HOST:PORT/],
    [['--demo=soon'], /--demo: expected a number/],
    [['--reties', '3'], /unknown option --reties/],
    [['now'], /unexpected "now"/],
  ] as const) {
    it(`${words.join(' ').slice(0, 30)} with 2`, async () => {
      const { code, out, err } = await runCommand('alert-exec', ...words);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, says);
    });
  }

  it('a wrong engine configuration with 78, and a state that cannot be kept with 1', async (t) => {
    const folder = await folderOf(t);
    const file = join(folder, 'n.yaml');
    const words = ['alert-exec', '--sink', 'kafka', '--engine-config', file];
    assert.equal((await runCommand(...words)).code, 78);
    await writeFile(file, minimal.replace('k1', ''));
    assert.equal((await runCommand(...words)).code, 78);
    await writeFile(file, minimal);
    const { code, err } = await runCommand(...words, '--state', join(folder, 'nowhere', 'state.json'));
    assert.equal(code, 1);
    assert.match(err, /state file .*nowhere.*see that its folder exists/);
  });

  it('a wrong script of the fake server with 78', async (t) => {
    const file = join(await folderOf(t), 's.json');
    await writeFile(file, '{"alerts":3}');
    const { code, err } = await runCommand('fake-alerts-server', '--port', '0', '--script', file);
    assert.deepEqual([code, err.includes('alerts: expected a list')], [78, true]);
    assert.equal((await runCommand('fake-alerts-server', '--script', '/nowhere.json')).code, 78);
  });
});

describe('alert-exec', () => {
  it('shows in its demo that nothing is missing and nothing is surplus', async () => {
    const { code, out } = await runCommand('alert-exec', '--demo', '8');
    assert.match(out, /\n0 failures: \d+ values served/, out);
    assert.equal(code, 0);
  });

  it('waits for a server that is away: live, not ready, and ends when asked to', async (t) => {
    const run = running(t, '--url', '127.0.0.1:1', '--metrics-listen', '127.0.0.1:0');
    await run.says('metrics_listening');
    const port = /"port":(\d+)/.exec(await run.line('metrics_listening'))?.[1];
    await run.says('alerts_unavailable');
    const at = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return `${answer.status} ${await answer.text()}`;
    };
    assert.match(await at('/ready'), /^503 the list of alerts cannot be loaded: ECONNREFUSED/);
    assert.equal(await at('/health'), '200 ok\n');
    assert.match(await at('/metrics'), /alert_exec_refresh_total\{result="failed"\} [1-9]/);
    run.signal('SIGTERM');
    assert.equal((await run.ended).code, 0);
  });

  it('ends with 0 when there are no alerts, says so once, and prints the ids of those that there are', async (t) => {
    const none = await serving(t, plainScript([]), 0);
    const ended = await runCommand('alert-exec', '--url', none.url);
    assert.equal(ended.code, 0);
    assert.equal(ended.err.split('alerts_empty').length, 2);
    const some = await serving(t, plainScript(sampleAlerts(2, 15, 100)), 0);
    const listed = await runCommand('alert-exec', '--url', some.url, '--list-ids', '--definition-id', 'd');
    assert.deepEqual(listed.out.split('\n'), [
      '-- name\talarmId\talarmDefinitionId',
      "'alert-1'\t'alert-1'\t'd'",
      "'alert-2'\t'alert-2'\t'd'",
      '',
    ]);
  });

  it('loads its list anew at SIGHUP and says goodbye at Ctrl-C', async (t) => {
    const { fake, url } = await serving(t, plainScript(sampleAlerts(3, 1, 100)), 0);
    const run = running(t, '--url', url, '-l', 'debug');
    await run.says('Press Ctrl-C to exit');
    await waitFor(() => fake.callCount > 3, 'the first queries');
    let lists = 0;
    const answer = fake.answer.bind(fake);
    fake.answer = (method, path, body) => {
      if (path === '/alerts') lists += 1;
      return answer(method, path, body);
    };
    run.signal('SIGHUP');
    await waitFor(() => lists === 1, 'the list');
    run.signal('SIGINT');
    const { code, err } = await run.ended;
    assert.equal(code, 0);
    assert.match(err, /Ctrl-C pressed \.\.\./);
  });
});

describe('the fake alerts server', () => {
  const served = async (t: TestContext) => {
    const run = new CommandRun(['fake-alerts-server', '--port', '0', '--random', '7', '--faults', '0', '-d']);
    t.after(() => run.signal('SIGKILL'));
    await run.prints('--faults 0');
    const address = run.printed(/listening on (127\.0\.0\.1:\d+) with 10 alerts/);
    const call = async (path: string, body?: object) => {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      return await fetch(`http://${address}${path}`, init);
    };
    return { run, call };
  };

  it('serves alerts, prints each call, and ends with 1 after a call that nothing asked for', async (t) => {
    const { run, call } = await served(t);
    const alerts: readonly { name: string; query: string }[] = JSON.parse(await (await call('/alerts')).text());
    const [alert] = alerts;
    assert.ok(alert !== undefined && alerts.length === 10);
    const target = encodeURIComponent(alert.query);
    assert.match(await (await call(`/query?target=${target}`)).text(), /^\{"value":[\d.]+\}$/);
    assert.equal((await call('/notify', { alertName: alert.name, message: 'invented' })).status, 200);
    run.signal('SIGTERM');
    const { code, out } = await run.ended;
    assert.equal(code, 1);
    assert.match(out, /^GET \/alerts {2}-> 200$/m);
    assert.match(out, /^FAILURE .*\n1 failures: 1 values served, 1 calls accepted, 0 of 3 calls failed on purpose\n$/m);
  });

  it('ends with 0 when nothing was wrong', async (t) => {
    const { run, call } = await served(t);
    assert.equal((await call('/alerts')).status, 200);
    run.signal('SIGINT');
    const { code, out } = await run.ended;
    assert.deepEqual([code, out.split('\n').at(-2)?.startsWith('0 failures: 0 values served')], [0, true]);
  });
});

describe('alert-exec telling by events', { skip: skipWithoutServices() }, () => {
  it('loses nothing when it is killed again and again, and invents nothing', { timeout: 120_000 }, async (t) => {
    const kafka = await AlarmKafka.connect(requireServices().kafkaUrl);
    t.after(() => kafka.close());
    const topic = randomName('alarms');
    await kafka.createTopic(topic, 1);
    const folder = await folderOf(t);
    const config = join(folder, 'n.yaml');
    await writeFile(
      config,
      minimal.replace('{url: k1}', `{url: "${requireServices().kafkaUrl}", alarm_topic: ${topic}}`),
    );
    const script = plainScript(sampleAlerts(20, 2, 10));
    const startedAtMs = systemClock.nowMs();
    const { fake, url } = await serving(t, script, 0.015);
    const served = recordServed(fake, usableAlerts(script));
    const words = [
      '--url',
      url,
      '--sink',
      'kafka',
      '--engine-config',
      config,
      '--state',
      join(folder, 'state.json'),
      '-l',
      'error',
    ];
    for (let kill = 0; kill < 6; kill += 1) {
      const before = served.length;
      const run = running(t, ...words);
      await waitFor(() => served.length > before + 30 + 17 * kill, 'values served', { timeoutMs: 60_000 });
      run.signal('SIGKILL');
      await run.ended;
    }
    const before = served.length;
    const last = running(t, ...words);
    await waitFor(() => served.length > before + 100, 'the last values', { timeoutMs: 60_000 });
    last.signal('SIGTERM');
    assert.equal((await last.ended).code, 0);

    const records = await kafka.records(topic);
    const events = records.map(({ value }) => JSON.parse(String(value))['alarm-transitioned']);
    assert.ok(events.length > 50, `${events.length} events`);
    const unique = new Map<string, string>();
    for (const [index, { eventId }] of events.entries()) {
      const text = String(records[index]?.value);
      assert.equal(unique.get(eventId) ?? text, text, 'one number has two contents');
      unique.set(eventId, text);
    }
    const failures = judged(usableAlerts(script), served, [...unique.values()], startedAtMs);
    // After a crash an end is told even if its beginning may never have left, and a repeat is late by the time that nobody ran.
    const excused = /resolve without|duplicate resolve|missing repeat/;
    assert.deepEqual(
      failures.filter((failure) => !excused.test(failure)),
      [],
    );
  });
});

interface Served {
  readonly name: string;
  readonly value: number;
  readonly atMs: number;
}

/** Every value that goes out, from now on. */
function recordServed(fake: FakeAlerts, alerts: readonly Alert[]): Served[] {
  const nameOf = new Map(alerts.map(({ query, name }) => [query, name]));
  const served: Served[] = [];
  const answer = fake.answer.bind(fake);
  fake.answer = (method, path, body) => {
    const given = answer(method, path, body);
    const target = new URLSearchParams(path.split('?')[1]).get('target') ?? '';
    const done = () => {
      given.done();
      const name = nameOf.get(target);
      if (given.status === 200 && name !== undefined) {
        served.push({ name, value: JSON.parse(given.body).value, atMs: systemClock.nowMs() });
      }
    };
    return { ...given, done };
  };
  return served;
}

/** What the validator says of the events, each at the time that it bears, beside the values that were served. */
function judged(
  alerts: readonly Alert[],
  served: readonly Served[],
  events: readonly string[],
  startedAtMs: number,
): readonly string[] {
  const validator = new Validator(alerts);
  const steps = [
    ...served.map(({ name, value, atMs }) => ({ atMs, play: (at: number) => validator.served(name, value, at) })),
    ...events.map((text) => {
      const { alarmName, status, stateChangeReason, timestamp } = JSON.parse(text)['alarm-transitioned'];
      const play = (at: number) =>
        status === 'OK' ? validator.resolved(alarmName, at) : validator.notified(alarmName, stateChangeReason, at);
      return { atMs: Number(timestamp), play };
    }),
  ].toSorted((a, b) => a.atMs - b.atMs);
  for (const { atMs, play } of steps) play(atMs - startedAtMs);
  const endMs = (steps.at(-1)?.atMs ?? startedAtMs) - startedAtMs;
  return validator.report(endMs).failures;
}
