import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { jiraPlugin } from '../../src/notifiers/jira/plugin.js';
import { canary, notifierContract } from '../contract/notifier.js';
import { FakeJira } from '../support/fake-jira.js';
import { badUrls, openPlugin, startHttpBench } from '../support/http-notifier-bench.js';
import { receiverOf } from '../support/http-poster.js';
import { answer, type HttpReaction } from '../support/http-receiver.js';
import { aNotification, anAlarm } from '../support/notifications.js';

const never = new AbortController().signal;
notifierContract('jira', () => {
  const jira = new FakeJira();
  jira.finds = false;
  const at =
    (end: string, react: HttpReaction): HttpReaction =>
    (socket, request) =>
      (request.line.includes(`${end} `) ? react : jira.react)(socket, request);
  return startHttpBench({
    plugin: jiraPlugin,
    section: (receiver) => ({ url: receiver.url('/jira'), user: 'mon', password: canary }),
    address: (receiver) => receiver.url(`/jira/?project=P&component=${canary}`),
    badAddresses: (receiver) => [
      ...badUrls(receiver.port),
      receiver.url('/jira/'),
      receiver.url('/jira/?project='),
      receiver.url('/jira/?project=A%22%20OR%20project%20%3D%20%22B'),
      receiver.url(`/jira/?project=P&component=${'c'.repeat(256)}`),
    ],
    success: (socket, request) => jira.react(socket, request),
    statuses: { 401: ['unauthorized', true] },
    answers: [
      ['a search result that is no JSON', answer(200, '<html>'), 'unreachable', true],
      ['a comment that is refused', at('/comment', answer(400, canary)), 'rejected', false],
      ['a comment that the server fails at', at('/comment', answer(500, canary)), 'server_error', true],
      ['a lost answer to the comment', at('/comment', (socket) => socket.destroy()), 'outcome_unknown', true],
      ['a new issue without a name', at('/issue', answer(201, '{}')), 'outcome_unknown', true],
      ['a project without the issue type', at('/issue', answer(400, canary)), 'rejected', false],
    ],
    lost: ['unreachable', 'timed_out'],
    flooded: ['unreachable', 'timed_out'],
    isTelling: ({ line }) => line.startsWith('POST') && line.includes('/comment'),
  });
});

describe('jira', () => {
  async function world(t: TestContext, timeout = 10) {
    const jira = new FakeJira();
    const receiver = await receiverOf(t, jira.react);
    const notifier = openPlugin(jiraPlugin, { url: receiver.url('/jira/'), user: 'mon', password: 'pw', timeout }, []);
    t.after(() => notifier.close());
    const send = (changes: Parameters<typeof anAlarm>[0] = {}, query = 'project=P&component=C') =>
      notifier.send(aNotification('jira', receiver.url(`/jira?${query}`), { alarm: anAlarm(changes) }), never);
    return { jira, receiver, send };
  }

  test('10.6: creates an issue and comments it when there is none', async (t) => {
    const { jira, receiver, send } = await world(t);
    assert.deepEqual(await send(), { remoteId: 'P-1', wire: 'issue created' });
    assert.equal(jira.issues[0]?.comments.length, 1);
    assert.deepEqual(
      receiver.requests.map(({ line }) => line),
      [
        'POST /jira/rest/api/2/search HTTP/1.1',
        'POST /jira/rest/api/2/issue HTTP/1.1',
        'POST /jira/rest/api/2/issue/P-1/comment HTTP/1.1',
      ],
    );
    const [, login] = receiver.requests[0]?.headers.find(([name]) => name === 'authorization') ?? [];
    assert.equal(login, `Basic ${Buffer.from('mon:pw').toString('base64')}`);
  });

  test('10.6: comments what is there and reopens what is resolved or closed, in any case', async (t) => {
    for (const [status, transitions, expected] of [
      ['Closed', ['reopen'], 'reopen'],
      ['RESOLVED', ['x', 'Reopen issue'], 'Reopen issue'],
      ['progress', ['reopen'], 'progress'],
      ['resolved', ['not open'], 'resolved'],
    ] as const) {
      const { jira, send } = await world(t);
      jira.transitions = transitions;
      const issue = jira.add('old words, same alarm_id 20a54a65', status);
      assert.deepEqual(await send(), { remoteId: 'P-1', wire: 'comment added' });
      assert.equal(issue.status, expected);
      assert.equal(issue.comments.length, 1);
      assert.equal(jira.issues.length, 1);
    }
  });

  test('adds no second comment for the same notification', async (t) => {
    const { jira, send } = await world(t);
    await send();
    assert.deepEqual(await send(), { remoteId: 'P-1', wire: 'the comment is there already' });
    assert.equal(jira.issues[0]?.comments.length, 1);
  });

  test('leaves a closed issue closed when the alarm recovers', async (t) => {
    const { jira, send } = await world(t);
    const issue = jira.add('alarm_id 20a54a65', 'Closed');
    await send({ newState: 'OK' });
    assert.deepEqual([issue.status, issue.comments.length], ['Closed', 1]);
  });

  test('takes no issue whose summary only looks alike', async (t) => {
    const { jira, send } = await world(t);
    jira.add('alarm_id 20a54a6', 'Open');
    await send();
    assert.equal(jira.issues.length, 2);
  });

  test('keeps alarms apart whose ids stand in the names or the ids of others, are blank, or long', async (t) => {
    const { jira, send } = await world(t);
    const long = 'x'.repeat(64);
    const alarms = [
      { alarmId: '99', alarmName: 'Rack 12 power (12)' },
      { alarmId: 'Rack 12', alarmName: '99' },
      { alarmId: '(12)', alarmName: 'alarm_id 12' },
      { alarmId: '12' },
      { alarmId: ' ' },
      { alarmId: '\u0001' },
      { alarmId: '' },
      { alarmId: long },
      { alarmId: `${long}y` },
      { alarmId: `${long}z` },
    ];
    for (const [at, alarm] of alarms.entries()) {
      assert.deepEqual(await send(alarm), { remoteId: `P-${at + 1}`, wire: 'issue created' });
    }
    for (const [at, alarm] of alarms.entries()) {
      assert.equal((await send({ ...alarm, newState: 'OK' })).remoteId, `P-${at + 1}`);
    }
    assert.equal(jira.issues.length, alarms.length);
  });

  test('finds the issue again whatever a template makes of its summary', async (t) => {
    const { jira, receiver } = await world(t);
    const notifier = openPlugin(jiraPlugin, { url: receiver.url('/jira/'), user: 'mon', password: 'pw' }, []);
    t.after(() => notifier.close());
    for (const subject of ['[12] cpu on 99', '12', 'rack (99)', '99 '.repeat(200), 'done: (12)']) {
      for (const alarmId of ['12', '99']) {
        jira.issues.length = 0;
        jira.add('of another alarm_id 7', 'Open');
        const notification = aNotification('jira', receiver.url('/jira?project=P'), { alarm: anAlarm({ alarmId }) });
        for (const id of ['first', 'second'] as const) {
          const { remoteId } = await notifier.send({ ...notification, id: id as typeof notification.id }, never, {
            subject,
          });
          assert.equal(remoteId, 'P-2');
        }
        assert.match(jira.issues[1]?.summary ?? '', new RegExp(`(^| )\\(?${alarmId}\\)?$`));
      }
    }
  });

  test('shows its login to no other host, and to nothing beside the configured path', async (t) => {
    const { receiver } = await world(t);
    const other = await receiverOf(t, answer(200, '{}'));
    const notifier = openPlugin(jiraPlugin, { url: other.url('/jira'), user: 'mon', password: 'pw' });
    t.after(() => notifier.close());
    for (const address of [
      receiver.url('/jira/?project=P'),
      other.url('/?project=P'),
      other.url('/jira/x?project=P'),
    ]) {
      await assert.rejects(notifier.send(aNotification('jira', address), never), {
        failure: 'forbidden_address',
        retriable: false,
      });
    }
    assert.deepEqual([receiver.requests.length, other.requests.length], [0, 0]);
  });

  test('keeps one deadline over all its calls', async (t) => {
    const { jira, receiver, send } = await world(t, 0.3);
    receiver.react = (socket, request) => {
      if (!request.line.includes('/comment')) jira.react(socket, request);
    };
    await assert.rejects(send(), { failure: 'outcome_unknown', retriable: true });
  });
});
