import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetricStore, type MetricSnapshot, type MetricStore } from '../../../src/telemetry/metric-store.js';
import { statsdLines } from '../../../src/telemetry/statsd-lines.js';

const workers = ['kafka_consumer-0', 'notification_processor-0'];

function lines(
  names: 'mon' | 'monasca' | 'both',
  process: string,
  now: MetricStore,
  before?: MetricSnapshot,
): string[] {
  const earlier = new Map(before === undefined ? [] : [[process, before]]);
  return statsdLines(names, earlier, new Map([[process, now.snapshot()]]), workers);
}

describe('statsd lines', () => {
  it('carry the 2014 names with the number of the process', () => {
    const store = createMetricStore();
    store.add('notifications_total', { type: 'email', outcome: 'sent' }, 3);
    store.observe('send_seconds', { type: 'email' }, 0.0123);
    assert.deepEqual(lines('mon', 'notification_processor-0', store), [
      'PublishedToKafka:3|c',
      'NotificationsCreated-Process-2:3|c',
      'NotificationsSentSMTP-Process-2:3|c',
      'SMTPTime-Process-2:12.30000000|ms',
    ]);
  });

  it('carry the names and the tag text of the final ancestor', () => {
    const store = createMetricStore();
    store.add('alarms_finished_total', { reason: 'malformed' }, 1);
    const tags = "#{'service': 'monitoring', 'component': 'monasca-notification'}";
    assert.deepEqual(lines('monasca', 'main', store), [
      `monasca.alarms_failed_parse_count:1|c|${tags}`,
      `monasca.alarms_finished_count:1|c|${tags}`,
    ]);
  });

  it('carry both when asked to', () => {
    const store = createMetricStore();
    store.observe('lookup_seconds', undefined, 0.5);
    const [mon, monasca] = lines('both', 'main', store);
    assert.equal(mon, 'ConfigDBTime-MainProcess:500.00000000|ms');
    assert.match(monasca ?? '', /^monasca\.config_db_time:0\.5\|g\|#/);
  });

  it('tell differences, and nothing when nothing changed', () => {
    const store = createMetricStore();
    store.add('alarms_read_total', undefined, 10);
    const before = store.snapshot();
    assert.deepEqual(lines('mon', 'kafka_consumer-0', store, before), []);
    store.add('alarms_read_total', undefined, 4);
    assert.deepEqual(lines('mon', 'kafka_consumer-0', store, before), ['ConsumedFromKafka:4|c']);
  });

  it('put three reasons under one name, as the ancestor did', () => {
    const store = createMetricStore();
    for (const reason of ['expired', 'disabled', 'no_methods', 'recorded']) {
      store.add('alarms_finished_total', { reason }, 1);
    }
    assert.deepEqual(lines('mon', 'main', store), ['AlarmsNoNotification-MainProcess:3|c', 'AlarmsFinished:4|c']);
  });

  it('count moved offsets from the second look on: a take-over moves nothing', () => {
    const store = createMetricStore();
    store.set('committed_offset', { topic: 't', partition: '0' }, 1000);
    const before = store.snapshot();
    assert.deepEqual(lines('mon', 'main', store), []);
    store.set('committed_offset', { topic: 't', partition: '0' }, 1007);
    assert.deepEqual(lines('mon', 'main', store, before), ['AlarmsOffsetUpdated:7|c']);
  });

  it('keep a hostile notification type inside its name', () => {
    const store = createMetricStore();
    store.add('notifications_total', { type: 'a:1|c\nb', outcome: 'sent' }, 1);
    for (const line of lines('both', 'main', store)) assert.doesNotMatch(line, /\n|:.*:1\|c$/);
  });
});
