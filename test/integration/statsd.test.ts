import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { createMetricStore } from '../../src/telemetry/metric-store.js';
import { startStatsd } from '../../src/telemetry/statsd.js';
import { FakeClock } from '../support/fakes/fake-clock.js';
import { waitFor } from '../support/wait-for.js';

async function catcher(t: TestContext): Promise<{ port: number; datagrams: string[] }> {
  const socket = createSocket('udp4');
  const datagrams: string[] = [];
  socket.on('message', (message) => datagrams.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { port: socket.address().port, datagrams };
}

describe('statsd', () => {
  it('gets one datagram per metric and second, and the rest at the end', async (t) => {
    const { port, datagrams } = await catcher(t);
    const store = createMetricStore();
    const clock = new FakeClock();
    const perProcess = () => new Map([['main', store.snapshot()]]);
    const stop = startStatsd({ host: '127.0.0.1', port, names: 'mon' }, perProcess, [], clock);
    store.add('alarms_read_total', undefined, 3);
    store.add('alarms_finished_total', { reason: 'recorded' }, 2);
    await clock.advance(1000);
    await waitFor(() => datagrams.length >= 2, 'two datagrams');
    assert.deepEqual(datagrams, ['ConsumedFromKafka:3|c', 'AlarmsFinished:2|c']);
    store.add('alarms_read_total', undefined, 1);
    await stop();
    await waitFor(() => datagrams.length >= 3, 'the last datagram');
    assert.equal(datagrams[2], 'ConsumedFromKafka:1|c');
    assert.equal(clock.waitingCount, 0);
  });

  it('asks for the address of its host once a round, and begins no round before the one before has ended', async (t) => {
    const { port, datagrams } = await catcher(t);
    const store = createMetricStore();
    const clock = new FakeClock();
    const perProcess = () => new Map([['main', store.snapshot()]]);
    const answers: ((address: string) => void)[] = [];
    const resolve = () => new Promise<string>((answer) => answers.push(answer));
    const stop = startStatsd({ host: 'statsd', port, names: 'mon' }, perProcess, [], clock, resolve);
    store.add('alarms_read_total', undefined, 3);
    store.add('alarms_finished_total', { reason: 'recorded' }, 2);
    await clock.advance(5_000);
    assert.equal(answers.length, 1);
    answers[0]?.('127.0.0.1');
    await waitFor(() => datagrams.length >= 2, 'two datagrams');
    store.add('alarms_read_total', undefined, 1);
    await clock.advance(5_000);
    assert.equal(answers.length, 2);
    const stopping = stop();
    await clock.advance(1_000);
    await stopping;
    answers[1]?.('127.0.0.1');
    assert.equal(answers.length, 2);
  });

  it('may be a host that nobody can resolve', async () => {
    const store = createMetricStore();
    const clock = new FakeClock();
    const perProcess = () => new Map([['main', store.snapshot()]]);
    const stop = startStatsd({ host: 'no-such-host.invalid', port: 8125, names: 'both' }, perProcess, [], clock);
    store.add('alarms_read_total', undefined, 3);
    await clock.advance(3000);
    await stop();
  });
});
