import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { DigestProcess } from '../support/digest/digest-process.js';
import { openTestBus } from '../support/digest/digest-world.js';
import { runProgram } from '../support/program.js';
import { randomName } from '../support/random-name.js';
import { startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const at = '2026-01-01T00:00:00.123456789Z';
const time = '\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d';
const twoLines = new RegExp(`^${time} waiting to consume "AlarmDigest" messages\\n${time} Smoke test passed\\n$`);

/** A digest at work, until the end of the test. */
async function startDigest(t: TestContext, ...words: readonly string[]): Promise<DigestProcess> {
  const digest = new DigestProcess(words);
  t.after(async () => void (await digest.end('SIGKILL')));
  digest.start();
  await digest.takesOver();
  return digest;
}

async function get(port: string, path: string) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
}

for (const natsJetstream of [true, false]) {
  describe(`a digest on a NATS server ${natsJetstream ? 'with' : 'without'} JetStream`, () => {
    it('passes the smoke test and the comparison with the model, and says whether it is durable', async (t) => {
      const { natsUrl } = await startPrivateServices(t, { only: ['nats'], natsJetstream });
      const digest = await startDigest(t, '--nats', natsUrl, '--metrics-listen', ':0');
      assert.equal(digest.log.includes('"digest_not_durable"'), !natsJetstream, digest.log);

      const verified = await runProgram('digest', 'verify', '--nats', natsUrl);
      assert.deepEqual([verified.code, verified.stderr], [0, '']);
      assert.match(verified.stdout, twoLines);

      const size = ['--users', '20', '--alarms', '5', '--changes', '400', '--shuffle'];
      const { code, stdout, stderr } = await runProgram('digest', 'bench', '--nats', natsUrl, ...size);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^against the model +equal$/m);
      const figure = (words: RegExp) => Number(words.exec(stdout)?.[1]);
      const [sent, allMs] = [figure(/^(\d+) changes of 20 users/m), figure(/(\d+) ms in all$/m)];
      assert.ok(figure(/^changes\/s +(\d+)$/m) >= Math.floor(sent / ((allMs + 1) / 1_000)), stdout);

      const port = /"admin_listening".*"port":(\d+)/.exec(digest.log)?.[1] ?? '';
      assert.equal((await get(port, '/health')).status, 200);
      const ready = await get(port, '/ready');
      const { role, notes } = JSON.parse(ready.text) as { role: string; notes: readonly string[] };
      assert.deepEqual([ready.status, role, notes], [200, 'active', natsJetstream ? [] : ['not_durable']]);
      assert.match(
        (await get(port, '/metrics')).text,
        /^digest_digests_total\{reason="command",result="sent"\} [1-9]/m,
      );
      assert.equal(await digest.end('SIGTERM'), 0);
    });
  });
}

describe('the smoke test of a digest', () => {
  it('fails where none runs, and names what it has not heard', async (t) => {
    const { natsUrl } = await startPrivateServices(t, { only: ['nats'], natsJetstream: false });
    const { code, stdout, stderr } = await runProgram('digest', 'verify', '--nats', natsUrl, '--timeout', '3');
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`${time} Smoke test failed\\n$`));
    assert.match(stderr, /^expected and not heard: \{"UserID":/m);
  });

  it('fails where no server is', async () => {
    const { code, stdout, stderr } = await runProgram('digest', 'verify', '--nats', '127.0.0.1:1', '--timeout', '0.2');
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /no answer from nats within 0\.2 s/);
  });
});

describe('a digest on JetStream', () => {
  it('answers every command with --empty send, and sends what has waited for a schedule that is new, once', async (t) => {
    const { natsUrl, dir } = await startPrivateServices(t, { only: ['nats'] });
    const place = ['--nats', natsUrl];
    const [nobody, user] = [randomName('nobody'), randomName('user')];
    const heard: string[] = [];
    const bus = await openTestBus(place, t);
    await bus.listen((text) => heard.push(text));
    const of = (name: string) => heard.filter((text) => text.startsWith(`{"UserID":"${name}",`));

    const first = await startDigest(t, ...place, '--empty', 'send');
    for (const expected of [1, 2]) {
      const { code, stdout } = await runProgram('digest', 'send', nobody, ...place);
      assert.deepEqual([code, stdout], [0, `SendAlarmDigest published for ${nobody}\n`]);
      await waitFor(() => of(nobody).length === expected, `empty digest ${expected}`);
    }
    const change = (alarm: string) => ({ AlarmID: alarm, UserID: user, Status: 'CRITICAL', ChangedAt: at });
    bus.publish('status', user, JSON.stringify(change('waits')));
    await bus.flush();
    assert.equal(await first.end('SIGTERM'), 0);
    await storedLongAgo(natsUrl);

    const file = join(dir, 'notification.yaml');
    await writeFile(file, 'digest: {schedule: every 4h}\n', { mode: 0o600 });
    for (let life = 0; life < 2; life += 1) {
      const scheduled = await startDigest(t, ...place, '--engine-config', file);
      await waitFor(() => of(user).length > 0, 'the digest that is due');
      bus.publish('status', user, JSON.stringify(change(`life-${life}`)));
      bus.publish('command', user, JSON.stringify({ UserID: user }));
      await waitFor(() => heard.some((text) => text.includes(`"life-${life}"`)), 'the digest on command');
      assert.equal(await scheduled.end('SIGTERM'), 0);
    }
    const entry = (alarm: string) => `{"AlarmID":"${alarm}","Status":"CRITICAL","LatestChangedAt":"${at}"}`;
    assert.deepEqual(
      of(user),
      ['waits', 'life-0', 'life-1'].map((alarm) => `{"UserID":"${user}","ActiveAlarms":[${entry(alarm)}]}`),
    );
  });
});

/** Lets every alarm of the stored state have been there since 1970. */
async function storedLongAgo(natsUrl: string): Promise<void> {
  const nats = await connect({ servers: natsUrl });
  const state = await new Kvm(nats).open('DIGEST_STATE');
  const keys: string[] = [];
  for await (const key of await state.keys()) keys.push(key);
  for (const key of keys) {
    const entry = await state.get(key);
    if (entry?.string().startsWith('{')) await state.put(key, JSON.stringify({ ...entry.json<object>(), w: 1 }));
  }
  await nats.close();
}
