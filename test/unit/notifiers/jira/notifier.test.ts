import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpRequest } from '../../../../src/notifiers/http-post.js';
import { JiraNotifier, readAddress } from '../../../../src/notifiers/jira/notifier.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { aNotification } from '../../../support/notifications.js';

async function pathsAt(base: string): Promise<readonly string[]> {
  const requests: HttpRequest[] = [];
  const http = {
    post: async (request: HttpRequest) => {
      requests.push(request);
      return { status: 200, body: '{"issues":[],"key":"P-1"}', retryAfterMs: undefined };
    },
    close: async () => {},
  };
  const access = { url: new URL(base), authorization: 'Bearer t', key: 'notification_types.jira.token' };
  const notifier = new JiraNotifier(http, access, new FakeClock(), 5_000);
  await notifier.send(aNotification('jira', `${base}?project=P`), new AbortController().signal);
  return requests.map(({ url }) => url.pathname);
}

describe('jira', () => {
  test('searches Cloud and Server each where it can be searched', async () => {
    assert.deepEqual(await pathsAt('https://site.atlassian.net/'), [
      '/rest/api/2/search/jql',
      '/rest/api/2/issue',
      '/rest/api/2/issue/P-1/comment',
    ]);
    assert.equal((await pathsAt('https://jira.example/jira/'))[0], '/jira/rest/api/2/search');
    assert.equal((await pathsAt('https://notatlassian.net/'))[0], '/rest/api/2/search');
  });

  test('reads project and component from an address below its URL', () => {
    const base = new URL('https://jira.example/jira');
    assert.deepEqual(readAddress('https://jira.example/jira/?project=MyProject&component=My%20Component', base), {
      project: 'MyProject',
      component: 'My Component',
    });
    assert.deepEqual(readAddress('https://JIRA.example:443/jira?project=P&component=', base), {
      project: 'P',
      component: undefined,
    });
  });

  test('shows no login where the scheme, the host, the port or the path is another', () => {
    const base = new URL('https://jira.example/jira');
    for (const place of [
      'http://jira.example/jira',
      'https://jira.example.evil/jira',
      'https://jira.example:444/jira',
      'https://jira.example',
    ]) {
      assert.throws(() => readAddress(`${place}?project=P`, base), { failure: 'forbidden_address', retriable: false });
    }
  });
});
