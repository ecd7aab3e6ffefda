import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { Brokers } from '../../src/adapters/kafka/brokers.js';
import { FakeClock } from '../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { waitFor } from '../support/wait-for.js';

/** How long a request to it may be silent: opening a connection, as a whole. */
const limitMs = 10_000;

describe('a broker that accepts connections and says nothing', () => {
  it('is given up after ten seconds, log-in and all', async (test) => {
    const sockets: Socket[] = [];
    let heardBytes = 0;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          heardBytes += data.length;
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const clock = new FakeClock();
    const telemetry = new RecordingTelemetry();
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const connection = { brokers: [address] as const, clientId: 'test', sasl: undefined, ssl: undefined };
    const brokers = new Brokers(connection, limitMs, { clock, telemetry });
    test.after(() => {
      brokers.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const asked = brokers.ask(
      'any',
      'Metadata',
      { topics: ['t'], allowAutoTopicCreation: false },
      new AbortController().signal,
    );
    let isOver = false;
    asked.catch(() => {
      isOver = true;
    });
    await waitFor(() => heardBytes > 0, 'the first request');
    await clock.advance(limitMs - 1);
    assert.equal(isOver, false);
    await clock.advance(1);
    await assert.rejects(asked, new RegExp(`Kafka broker ${address}, Metadata: no answer in time`));
  });
});
