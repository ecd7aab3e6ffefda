import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JetstreamParts } from '../../../../src/adapters/nats/jetstream-parts.js';
import { WorkerShares } from '../../../../src/adapters/nats/worker-shares.js';
import { untilAborted } from '../../../../src/domain/until-aborted.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';

type Shares = ConstructorParameters<typeof WorkerShares>;

describe('an instance that shares the workers of a digest', () => {
  it('ends when it is stopped while its router begins, though no message comes any more', {
    timeout: 10_000,
  }, async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const given = new AbortController();
    const messages = {
      stop: () => given.abort(),
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await untilAborted(given.signal);
          return { done: true, value: undefined };
        },
      }),
    };
    const consumer = {
      consume: async () => {
        stop.abort();
        return messages;
      },
    };
    const parts = {
      js: { consumers: { get: async () => consumer } },
      jsm: { consumers: { add: async () => undefined } },
      link: { library: { jetstream: { AckPolicy: {}, DeliverPolicy: {} } }, nats: { flush: async () => undefined } },
      owners: { create: async () => 1, delete: async () => undefined, keys: async () => [] },
      intakes: [{ stream: 'S', durable: 'd', filter: undefined, isWorkQueue: false }],
      deps: { clock, random: () => 0.5, telemetry: new RecordingTelemetry() },
    } as unknown as JetstreamParts;
    const workers = { count: 0 } as unknown as Shares[1];
    await new WorkerShares(parts, workers, 'one').run(stop.signal);
    assert.equal(given.signal.aborted, true);
    assert.equal(clock.waitingCount, 0);
  });
});
