import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceNotify } from '../../../src/runtime/service-notify.js';

const underSystemd = { NOTIFY_SOCKET: '/run/systemd/notify' };

test('says nothing when no service manager listens', async () => {
  const said: unknown[] = [];
  const notify = serviceNotify(
    {},
    () => assert.fail(),
    async (words) => void said.push(words),
  );
  notify.ready('active');
  notify.stopping('draining');
  await notify.settled();
  assert.deepEqual(said, []);
});

test('tells one thing after the other, each on one line', async () => {
  const said: (readonly string[])[] = [];
  let running = 0;
  const notify = serviceNotify(
    underSystemd,
    () => assert.fail(),
    async (words) => {
      running += 1;
      assert.equal(running, 1);
      await Promise.resolve();
      said.push(words);
      running -= 1;
    },
  );
  notify.ready('standby');
  notify.status('active\nMAINPID=1');
  notify.stopping('draining');
  await notify.settled();
  assert.deepEqual(said, [
    ['--ready', '--status=standby'],
    ['--status=active MAINPID=1'],
    ['--status=draining', 'STOPPING=1'],
  ]);
});

test('a message that does not arrive is reported and keeps none of the others', async () => {
  const failures: string[] = [];
  const said: (readonly string[])[] = [];
  const notify = serviceNotify(
    underSystemd,
    (reason) => failures.push(reason),
    async (words) => {
      if (words[0] === '--ready') throw new Error('no such program');
      said.push(words);
    },
  );
  notify.ready('standby');
  notify.status('active');
  await notify.settled();
  assert.deepEqual(failures, ['no such program']);
  assert.deepEqual(said, [['--status=active']]);
});
