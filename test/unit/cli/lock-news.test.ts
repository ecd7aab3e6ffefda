import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lockNews } from '../../../src/cli/lock-news.js';

describe('news of the lock', () => {
  it('name the holder by what its node says', () => {
    const holder = JSON.stringify({ host: 'mon-1', pid: 7, instance: 'x', startedAt: '2026-01-01T00:00:00.000Z' });
    const news = lockNews('lock_waiting', { topic: 'alarms', lock: '/x', holder });
    assert.match(news ?? '', /lock of alarms, held by process 7 on mon-1, started 2026-01-01T00:00:00\.000Z/);
  });

  it('show what is no JSON as it is', () => {
    assert.match(lockNews('lock_waiting', { topic: 'alarms', holder: 'mon-1 7' }) ?? '', /held by mon-1 7;/);
    assert.match(lockNews('lock_waiting', { topic: 'alarms', holder: undefined }) ?? '', /held by somebody/);
  });

  it('name the node of an engine of another kind', () => {
    assert.match(lockNews('lock_blocked', { topic: 'alarms', path: '/locks/x' }) ?? '', /node \/locks\/x; stop it/);
  });

  it('are nothing else', () => assert.equal(lockNews('zookeeper_connected', {}), undefined));
});
