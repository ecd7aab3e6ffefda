import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertExecOptions, alertExecSettings } from '../../../src/cli/alert-exec-options.js';
import { UsageError } from '../../../src/cli/command.js';
import { readArguments } from '../../../src/cli/command-line.js';

const command = { options: alertExecOptions, run: async () => 0 as const };
const settings = (...words: readonly string[]) => alertExecSettings(readArguments(command, words));

describe('the options of alert-exec', () => {
  it('have the defaults of the original task', () => {
    const { engine, server, sink, logLevel, metrics, demoMs } = settings();
    assert.deepEqual([engine.concurrency, engine.tickMs, engine.rules.attempts], [2, 1_000, 3]);
    assert.deepEqual(
      [server.text, sink, logLevel, metrics, demoMs],
      ['http://127.0.0.1:9001', 'http', 'info', undefined, undefined],
    );
    assert.deepEqual(
      [engine.rules.timeoutMs, engine.refreshMs, engine.rules.unknownAfterMs],
      [5_000, undefined, undefined],
    );
  });

  it('take an empty address for the default, as a script with an unset variable gives it', () => {
    for (const words of [['--url', ''], ['--url=']])
      assert.equal(settings(...words).server.text, 'http://127.0.0.1:9001');
    for (const words of [['--url'], ['--url', '--sustain'], ['--tenant', '']]) {
      assert.throws(() => settings(...words), /needs a value/);
    }
  });

  it('key events by tenant unless they are told to key them by alarm', () => {
    assert.deepEqual([settings().keyBy, settings('--key', 'alarm').keyBy], ['tenant', 'alarm']);
    assert.throws(() => settings('--key', 'both'), /--key: expected tenant or alarm, got "both"/);
  });

  it('that are beyond their limits become the nearest limit', () => {
    const of = (...words: readonly string[]) => {
      const { concurrency, tickMs, rules } = settings(...words).engine;
      return [concurrency, tickMs / 1_000, rules.attempts];
    };
    assert.deepEqual(of('-c', '0', '-i', '0', '-r', '0'), [1, 1, 1]);
    assert.deepEqual(of('-c', '-3', '-i', '60', '-r', '50'), [1, 15, 10]);
    assert.deepEqual(of('--concurrency=99', '--interval', '7', '--retry', '+4'), [99, 7, 4]);
    assert.equal(settings('--refresh', '3').engine.refreshMs, 10_000);
  });

  it('take a log level in any letter case', () => {
    const levels = ['CRITICAL', 'Error', 'warn', 'WARNING', 'info', 'Debug'].map(
      (level) => settings('-l', level).logLevel,
    );
    assert.deepEqual(levels, ['error', 'error', 'warn', 'warn', 'info', 'debug']);
    assert.equal(settings('-l', 'debug').engine.showsStates, true);
  });

  it('make an alert UNKNOWN with events only, after five minutes unless said otherwise', () => {
    assert.equal(settings('--sink', 'kafka').engine.rules.unknownAfterMs, 300_000);
    assert.equal(settings('--sink', 'kafka', '--unknown-after', '0').engine.rules.unknownAfterMs, undefined);
    assert.equal(settings('--unknown-after', '60').engine.rules.unknownAfterMs, undefined);
  });

  it('run a demo for a minute, for so long, or until it is stopped', () => {
    const demo = (...words: readonly string[]) => settings(...words).demoMs;
    assert.deepEqual(
      [demo('--demo'), demo('--demo', '5'), demo('--demo=0'), demo('--demo', '-c', '4')],
      [60_000, 5_000, 0, 60_000],
    );
  });

  it('listen for metrics on the loopback address unless told otherwise', () => {
    const listen = (text: string) => settings('--metrics-listen', text).metrics;
    assert.deepEqual(listen('9100'), { host: '127.0.0.1', port: 9_100 });
    assert.deepEqual(listen(':9100'), { host: '127.0.0.1', port: 9_100 });
    assert.deepEqual(listen('0.0.0.0:0'), { host: '0.0.0.0', port: 0 });
    assert.deepEqual(listen('[::1]:9100'), { host: '::1', port: 9_100 });
    for (const text of ['host', 'h:99999', ':x', '::1:9']) assert.throws(() => listen(text), UsageError, text);
  });

  it('never show the password of an address', () => {
    assert.throws(
      () => settings('--url', 'ftp://u:canary@h'),
      (error: Error) => !error.message.includes('canary'),
    );
  });
});
