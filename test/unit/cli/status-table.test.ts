import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adminUrl } from '../../../src/cli/engine-status.js';
import { statusTable } from '../../../src/cli/status-table.js';
import { sampleStatus } from '../../support/engine-views.js';

describe('the table of `status`', () => {
  it('shows role, partitions with lag, queues, workers and outcomes', () => {
    assert.deepEqual(statusTable({ document: sampleStatus(), notes: ['email relay away'] }), [
      'active, ready, lease 8.1 s',
      'instance mon-a1-4711-1795238400, version 0.1.0, pid 4711',
      '  note: email relay away',
      '',
      'PARTITION                  READ  COMMITTED  WINDOW  LAG',
      'alarm-state-transitions/0   108        101       7  532',
      'retry-notifications/0         8          8       0    ?',
      '',
      'QUEUE   WAITING  CAPACITY',
      'alarms       12       256',
      '',
      'STAGE             PID  STATE  IN HAND  REPLACED',
      'alarm_processor  4721  ready       14         1',
      '',
      'retries waiting 17, repeats waiting 4; sent 120443, retrying 88, dead 3',
    ]);
  });

  it('shows who owns what among all engines, where they share', () => {
    const topic = 'alarms';
    const owners = [
      ...[0, 1, 2, 5].map((partition) => ({ topic, partition, instance: 'mon-a2-7' })),
      { topic: 'retries', partition: 1, instance: 'mon-a2-7' },
      ...[3, 4].map((partition) => ({ topic, partition, instance: 'mon-a10-9' })),
      { topic: 'retries', partition: 0 },
    ];
    assert.deepEqual(statusTable({ document: sampleStatus({ owners }), notes: [] }).slice(6, 11), [
      '',
      'OWNER      COUNT  PARTITIONS',
      'mon-a10-9      2  alarms 3-4',
      'mon-a2-7       5  alarms 0-2 5, retries 1',
      'nobody         1  retries 0',
    ]);
  });

  it('names the destinations that are left alone, if any', () => {
    const breakers = [{ destination: 'hooks.example', workers: 4 }];
    const lines = statusTable({ document: sampleStatus({ breakers }), notes: [] });
    assert.deepEqual(lines.slice(-5, -2), ['', 'LEFT ALONE     WORKERS', 'hooks.example        4']);
  });

  it('names the reasons of an engine that is not ready', () => {
    const lines = statusTable({ document: sampleStatus({ reasons: ['mysql is away'], role: 'standby' }), notes: [] });
    assert.equal(lines[0], 'standby, NOT READY, lease 8.1 s');
    assert.equal(lines[2], '  reason: mysql is away');
  });

  it('lets nothing steer the terminal', () => {
    const lines = statusTable({ document: sampleStatus({ instance: '\u001b[2J\u009b1m' }), notes: ['a\r\nb'] });
    assert.doesNotMatch(lines.join(''), /\p{Cc}/u);
  });
});

describe('the URL that is asked', () => {
  it('is loopback for an engine that listens everywhere', () => {
    assert.equal(adminUrl('0.0.0.0', 8071), 'http://127.0.0.1:8071');
    assert.equal(adminUrl('::', 8071), 'http://[::1]:8071');
    assert.equal(adminUrl('10.0.0.7', 80), 'http://10.0.0.7:80');
  });
});
