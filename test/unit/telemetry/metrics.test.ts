import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import client from 'prom-client';
import { createMergedMetrics } from '../../../src/telemetry/merge-metrics.js';
import { bucketBounds, createMetricStore, type MetricStore } from '../../../src/telemetry/metric-store.js';
import { prometheusText } from '../../../src/telemetry/prometheus-text.js';

const known = { type: ['email', 'webhook'], stage: ['alarm_processor', 'notification_processor'] };

/** The lines of one metric, without the prefix. */
function linesOf(text: string, name: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`mon_notification_${name}`))
    .map((line) => line.slice('mon_notification_'.length));
}

/** A snapshot as it comes out of a beat. */
function overTheWire(store: MetricStore): unknown {
  return JSON.parse(JSON.stringify(store.snapshot()));
}

describe('metrics before anything happened', () => {
  const text = prometheusText(createMetricStore(known).snapshot());

  it('exist at 0 for every reason, type, outcome, stage and queue', () => {
    assert.equal(linesOf(text, 'alarms_finished_total{reason="no_methods"}')[0]?.split(' ')[1], '0');
    assert.equal(linesOf(text, 'notifications_total').length, 3 * 6);
    const unknown = 'notifications_total{type="unknown",outcome="dead"}';
    assert.deepEqual(linesOf(text, unknown), [`${unknown} 0`]);
    assert.deepEqual(linesOf(text, 'queue_length{queue="alarms"}'), ['queue_length{queue="alarms"} 0']);
    assert.deepEqual(linesOf(text, 'send_seconds_count'), [
      'send_seconds_count{type="email"} 0',
      'send_seconds_count{type="webhook"} 0',
    ]);
    assert.deepEqual(linesOf(text, 'lock_held'), ['lock_held 0']);
  });

  it('have no series for partitions that nobody knows yet', () => {
    assert.deepEqual(linesOf(text, 'window'), []);
  });
});

describe('the text of a scrape', () => {
  it('is what prom-client writes for the same figures', async () => {
    const store = createMetricStore();
    const registry = new client.Registry();
    const oracle = new client.Histogram({
      name: 'mon_notification_send_seconds',
      help: 'Time of one send, from its start to the answer of the receiver',
      labelNames: ['type'],
      buckets: [...bucketBounds],
      registers: [registry],
    });
    for (const seconds of [0, 0.001, 0.0011, 3, 4000]) {
      for (const type of ['email', 'a "b" \\ c\nd']) {
        store.observe('send_seconds', { type }, seconds);
        oracle.observe({ type }, seconds);
      }
    }
    const lines = (text: string) => text.split('\n').filter((line) => line.includes('send_seconds'));
    const theirs = (await registry.metrics()).replaceAll(/\{le="([^"]*)",(type=.*?)\} /g, '{$2,le="$1"} ');
    assert.deepEqual(lines(prometheusText(store.snapshot())), lines(theirs));
  });
});

describe('counting', () => {
  it('ignores figures that are no figures', () => {
    const store = createMetricStore();
    store.add('alarms_read_total', undefined, Number.NaN);
    store.add('alarms_read_total', undefined, -1);
    store.set('lock_held', undefined, Number.POSITIVE_INFINITY);
    store.observe('lookup_seconds', undefined, -0.5);
    assert.deepEqual(store.snapshot(), {});
  });

  it('begins a series at 0 when nothing is added', () => {
    const store = createMetricStore(known);
    store.add('skipped_by_broker_total', { topic: 't', partition: '0' }, 0);
    assert.deepEqual(store.snapshot().skipped_by_broker_total, [[['t', '0'], [0]]]);
  });

  it('takes labels in any order and leaves a missing one empty', () => {
    const store = createMetricStore();
    store.add('notifications_total', { outcome: 'sent', type: 'email' }, 1);
    store.add('notifications_total', { type: 'email', outcome: 'sent' }, 1);
    store.add('notifications_total', { type: 'email' }, 1);
    assert.deepEqual(store.snapshot().notifications_total, [
      [['email', 'sent'], [2]],
      [['email', ''], [1]],
    ]);
  });

  it('folds series beyond a bound into one', () => {
    const store = createMetricStore();
    for (let i = 0; i < 5000; i += 1) store.set('breaker_open', { destination: `host-${i}` }, 1);
    const series = store.snapshot().breaker_open ?? [];
    assert.equal(series.length, 2001);
    assert.deepEqual(series.at(-1)?.[0], ['other']);
  });
});

describe('the metrics of all processes', () => {
  it('add up what workers count and observe', () => {
    const [own, a, b] = [createMetricStore(known), createMetricStore(), createMetricStore()];
    a.add('notifications_total', { type: 'email', outcome: 'sent' }, 2);
    b.add('notifications_total', { type: 'email', outcome: 'sent' }, 3);
    a.observe('send_seconds', { type: 'email' }, 0.2);
    b.observe('send_seconds', { type: 'email' }, 40);
    const merged = createMergedMetrics(() => own.snapshot());
    merged.update('a', overTheWire(a));
    merged.update('b', overTheWire(b));
    const text = merged.text();
    assert.deepEqual(linesOf(text, 'notifications_total{type="email",outcome="sent"}'), [
      'notifications_total{type="email",outcome="sent"} 5',
    ]);
    assert.deepEqual(linesOf(text, 'send_seconds_sum{type="email"}'), ['send_seconds_sum{type="email"} 40.2']);
    assert.deepEqual(linesOf(text, 'send_seconds_bucket{type="email",le="30"}')[0]?.split(' ')[1], '1');
    assert.deepEqual(linesOf(text, 'send_seconds_bucket{type="email",le="+Inf"}')[0]?.split(' ')[1], '2');
  });

  it('sum the memory of a stage and take the worst of its delays', () => {
    const [a, b] = [createMetricStore(), createMetricStore()];
    for (const [store, figure] of [
      [a, 10],
      [b, 32],
    ] as const) {
      store.set('worker_resident_bytes', { stage: 's' }, figure);
      store.set('event_loop_delay_seconds', { stage: 's' }, figure);
      store.set('build_info', { version: '1', node: '20' }, 1);
    }
    const merged = createMergedMetrics(() => ({}));
    merged.update('a', overTheWire(a));
    merged.update('b', overTheWire(b));
    assert.deepEqual(merged.total(), {
      worker_resident_bytes: [[['s'], [42]]],
      event_loop_delay_seconds: [[['s'], [32]]],
      build_info: [[['1', '20'], [1]]],
    });
  });

  it('keep what a dead worker counted and forget what it measured', () => {
    const first = createMetricStore();
    first.add('alarms_read_total', undefined, 5);
    first.set('retries_waiting', undefined, 9);
    const merged = createMergedMetrics(() => ({}));
    merged.update('kafka_consumer-0', overTheWire(first));
    merged.retire('kafka_consumer-0');
    const second = createMetricStore();
    second.add('alarms_read_total', undefined, 1);
    merged.update('kafka_consumer-0', overTheWire(second));
    assert.deepEqual(merged.total(), { alarms_read_total: [[[], [6]]] });
  });

  it('never go back, whatever the order of beats and deaths', () => {
    const act = fc.record({ worker: fc.nat(2), act: fc.constantFrom('count', 'beat', 'die') });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const merged = createMergedMetrics(() => ({}));
        const stores = [0, 1, 2].map(() => createMetricStore());
        let last = 0;
        for (const { worker, act } of acts) {
          const store = stores[worker] ?? createMetricStore();
          if (act === 'count') store.add('alarms_read_total', undefined, 1);
          if (act === 'beat') merged.update(String(worker), overTheWire(store));
          if (act === 'die') {
            merged.retire(String(worker));
            stores[worker] = createMetricStore();
          }
          const now = merged.total().alarms_read_total?.[0]?.[1][0] ?? 0;
          assert.ok(now >= last);
          last = now;
        }
      }),
    );
  });

  it('ignore a beat that carries anything but figures', () => {
    const merged = createMergedMetrics(() => ({}));
    const nonsense: unknown[] = [
      null,
      7,
      { no_such_metric: [] },
      { alarms_read_total: [[['label too many'], [1]]] },
      { alarms_read_total: [[[], ['1']]] },
      { alarms_read_total: [[[], [null]]] },
      { send_seconds: [[['email'], [1, 2]]] },
      { alarms_read_total: 'many' },
    ];
    for (const snapshot of nonsense) merged.update('w', snapshot);
    assert.deepEqual(merged.total(), {});
  });
});
