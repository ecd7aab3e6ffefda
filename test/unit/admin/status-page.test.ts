import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { statusPage, statusPageHeaders } from '../../../src/admin/status-page.js';
import { sampleStatus } from '../../support/engine-views.js';

const hostile = "\"><script>alert(1)</script><img src=x onerror='y'>&";

describe('the status page', () => {
  it('escapes every value', () => {
    const page = statusPage(
      sampleStatus({
        version: hostile,
        instance: hostile,
        reasons: [hostile],
        outcomes: { [hostile]: 1 },
        partitions: [{ topic: hostile, partition: 0, read: '2', committed: '1', window: 1, high_water: '3' }],
        queues: [{ name: hostile, length: 1, capacity: 2 }],
        owners: [{ topic: hostile, partition: 0, instance: hostile }],
        workers: [{ stage: hostile, pid: 1, state: hostile, replacements: 0, in_flight: 0 }],
        breakers: [{ destination: hostile, workers: 4 }],
      }),
      [hostile],
    );
    assert.doesNotMatch(page, /<script|<img|onerror='/);
    assert.equal(page.split('&lt;script&gt;alert(1)').length - 1, 12);
  });

  it('allows its own style by hash and nothing else', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(statusPage(sampleStatus(), []))?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = statusPageHeaders['Content-Security-Policy'];
    assert.match(policy, /^default-src 'none'; /);
    assert.ok(policy.includes(`style-src 'sha256-${hash}'`));
  });

  it('shows who owns what among the engines that share', () => {
    const owners = [0, 1, 3].map((partition) => ({ topic: 'alarms', partition, instance: 'mon-a2' }));
    assert.match(statusPage(sampleStatus({ owners }), []), /mon-a2<\/td>\s*<td>3<\/td><td>alarms 0-1 3<\/td>/);
    assert.doesNotMatch(statusPage(sampleStatus(), []), /Owners/);
  });

  it('shows lag as what is in Kafka and not committed', () => {
    assert.match(statusPage(sampleStatus(), []), /alarm-state-transitions\/0<\/td><td>532<\/td>/);
  });

  it('shows that it does not know the end of a partition', () => {
    assert.match(statusPage(sampleStatus(), []), /retry-notifications\/0<\/td><td>\?<\/td>/);
  });

  it('says what is wrong, and what to note', () => {
    const page = statusPage(sampleStatus({ reasons: ['mysql is away'] }), ['email relay away']);
    assert.match(page, /not ready/);
    assert.match(page, /mysql is away/);
    assert.match(page, /email relay away/);
  });

  it('speaks of a standby that reads nothing', () => {
    assert.match(statusPage(sampleStatus({ role: 'standby', partitions: [] }), []), /reads nothing at present/);
  });
});
