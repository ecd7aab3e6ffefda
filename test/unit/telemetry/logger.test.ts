import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EngineError } from '../../../src/domain/errors.js';
import { Secret } from '../../../src/domain/secret.js';
import { createTelemetry, type ProcessTelemetry } from '../../../src/telemetry/create-telemetry.js';
import { createMetricStore } from '../../../src/telemetry/metric-store.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { MemorySink } from '../../support/fakes/memory-sink.js';

const canary = 'canary-7f3a';

function open(
  level: 'debug' | 'info' | 'warn' = 'info',
  format: 'json' | 'text' = 'json',
): { telemetry: ProcessTelemetry; sink: MemorySink; clock: FakeClock } {
  const sink = new MemorySink();
  const clock = new FakeClock();
  return { telemetry: createTelemetry({ process: 'main', log: { level, format }, sink, clock }), sink, clock };
}

describe('log lines', () => {
  it('names time, level, event, words, component and position', () => {
    const { telemetry, sink } = open();
    telemetry.event('term_begun', { position: { topic: 't', partition: 3, offset: 812n }, notification_id: 'n1' });
    assert.deepEqual(sink.objects(), [
      {
        ts: '2026-01-01T00:00:00.000Z',
        level: 'info',
        event: 'term_begun',
        msg: 'This engine is active: it reads, sends and commits',
        component: 'main',
        topic: 't',
        partition: 3,
        offset: '812',
        notification_id: 'n1',
      },
    ]);
  });

  it('writes 64-bit numbers as text, whatever their size', () => {
    const { telemetry, sink } = open();
    telemetry.event('term_begun', { offset: 9007199254740993n });
    assert.equal(sink.objects()[0]?.offset, '9007199254740993');
  });

  it('reduces an error to its message, its code and the code of its cause', () => {
    const { telemetry, sink } = open();
    const cause = Object.assign(new Error(`connect to ${canary}`), { code: 'ECONNREFUSED' });
    const error = new EngineError('STORE_UNAVAILABLE', 'ZooKeeper is away', { retriable: true, cause });
    telemetry.event('engine_not_ready', { error });
    const [line] = sink.objects();
    assert.equal(line?.error, 'ZooKeeper is away');
    assert.equal(line?.code, 'STORE_UNAVAILABLE');
    assert.equal(line?.cause_code, 'ECONNREFUSED');
    assert.ok(!sink.lines.join().includes(canary));
  });

  it('never shows a secret, however deep it lies', () => {
    const { telemetry, sink } = open();
    const secret = new Secret(canary);
    telemetry.event('engine_starting', { password: secret, config: { mysql: [secret, { address: secret }] } });
    telemetry.pluginLogger({ component: 'email' }).info('text', { secret });
    assert.ok(!sink.lines.join().includes(canary));
    assert.match(sink.lines.join(), /<redacted>/);
  });

  it('keeps the fixed keys although a field has their name', () => {
    const { telemetry, sink } = open();
    telemetry.event('engine_starting', { level: 'forged', ts: 'forged', event: 'forged' });
    assert.ok(!sink.lines.join().includes('forged'));
  });

  it('survives fields that cannot be read', () => {
    const { telemetry, sink } = open();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const trap = {
      get inner(): string {
        throw new Error('trap');
      },
    };
    telemetry.event('engine_starting', { circle });
    telemetry.event('engine_starting', { trap });
    assert.equal(sink.objects().length, 2);
  });

  it('stays one printable line for any text, in both formats', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('json' as const, 'text' as const), (text, format) => {
        const { telemetry, sink } = open('info', format);
        telemetry.event('engine_starting', { msg: text, name: text, list: [text], deep: { text } });
        assert.equal(sink.lines.length, 1);
        assert.doesNotMatch(sink.lines[0] ?? '', /[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});

describe('log level and format', () => {
  it('leaves out what is below the level', () => {
    const { telemetry, sink } = open('warn');
    telemetry.event('engine_starting');
    telemetry.event('engine_not_ready');
    assert.deepEqual(
      sink.objects().map((line) => line.event),
      ['engine_not_ready'],
    );
  });

  it('writes text for people as one line of words and fields', () => {
    const { telemetry, sink } = open('info', 'text');
    telemetry.event('admin_listening', { host: '127.0.0.1', port: 8071 });
    assert.deepEqual(sink.lines, [
      '00:00:00.000 INFO  admin_listening "The admin endpoint answers on `port`" component=main host=127.0.0.1 port=8071',
    ]);
  });
});

describe('repeated warnings', () => {
  it('come once in ten seconds, with the count of those held back', async () => {
    const { telemetry, sink, clock } = open();
    for (let i = 0; i < 500; i += 1) telemetry.event('commit_delayed', { code: 'STORE_UNAVAILABLE' });
    assert.equal(sink.lines.length, 1);
    await clock.advance(15_000);
    assert.deepEqual(
      sink.objects().map((line) => line.suppressed),
      [undefined, 499],
    );
  });

  it('are told apart by code and by partition', () => {
    const { telemetry, sink } = open();
    telemetry.event('commit_delayed', { code: 'STORE_UNAVAILABLE' });
    telemetry.event('commit_delayed', { code: 'FENCED' });
    telemetry.event('partition_halted', { topic: 't', partition: 0 });
    telemetry.event('partition_halted', { topic: 't', partition: 1 });
    assert.equal(sink.lines.length, 4);
  });

  it('are counted in full although they are not written', () => {
    const { telemetry } = open();
    for (let i = 0; i < 3; i += 1) telemetry.event('worker_replaced', { stage: 'alarm_processor' });
    assert.deepEqual(telemetry.snapshot().worker_replacements_total, [[['alarm_processor'], [3]]]);
  });

  it('of a retry that Kafka took are counted, from 0 on in main', () => {
    const { telemetry } = open();
    telemetry.event('retry_vanished', { topic: 'retries', partition: 0, offset: '7' });
    assert.deepEqual(telemetry.snapshot().retries_vanished_total, [[[], [1]]]);
    assert.deepEqual(createMetricStore({}).snapshot().retries_vanished_total, [[[], [0]]]);
  });

  it('that were held back are told before the line that says how it went on', async () => {
    const { telemetry, sink, clock } = open();
    for (const error of ['first', 'second', 'third']) telemetry.event('kafka_away', { error });
    telemetry.event('kafka_back');
    await clock.advance(15_000);
    const told = sink.objects().map(({ event, error, suppressed }) => [event, error, suppressed]);
    assert.deepEqual(told, [
      ['kafka_away', 'first', undefined],
      ['kafka_away', 'third', 2],
      ['kafka_back', undefined, undefined],
    ]);
  });

  it('of different workers of the digest are no repeats', () => {
    const { telemetry, sink } = open();
    for (const workers of ['0', '1']) telemetry.event('digest_gave_up', { workers, error: 'the same' });
    assert.equal(sink.lines.length, 2);
  });

  it('that were held back are told when the process ends', () => {
    const { telemetry, sink } = open();
    telemetry.event('commit_delayed');
    telemetry.event('commit_delayed');
    telemetry.close();
    assert.equal(sink.objects().at(-1)?.suppressed, 1);
  });

  it('that were held back are told before the last line of a run', () => {
    const { telemetry, sink } = open();
    telemetry.event('commit_delayed');
    telemetry.event('commit_delayed');
    telemetry.flush();
    telemetry.event('engine_stopped', { exit_code: 0 });
    telemetry.close();
    assert.equal(sink.objects().at(-1)?.event, 'engine_stopped');
  });
});

describe('the last line of a run', () => {
  it('is an error when the run failed, and shows also where errors alone are shown', () => {
    const { telemetry, sink } = open();
    for (const exit_code of [0, 78]) telemetry.event('engine_stopped', { exit_code });
    assert.deepEqual(
      sink.objects().map(({ level }) => level),
      ['info', 'error'],
    );
  });
});

describe('lines that could not be written', () => {
  it('are counted', () => {
    const { telemetry, sink } = open();
    sink.dropped = 7;
    assert.deepEqual(telemetry.snapshot().log_lines_dropped_total, [[[], [7]]]);
    assert.deepEqual(telemetry.snapshot().log_lines_dropped_total, [[[], [7]]]);
  });
});
