import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WorkerSet } from '../../../src/digest/worker-set.js';
import { EngineError } from '../../../src/domain/errors.js';
import { hash32 } from '../../../src/domain/hash32.js';
import { untilAborted } from '../../../src/domain/until-aborted.js';
import type { DigestHome, TakenMessage } from '../../../src/ports/digest.js';
import { userRules } from '../../support/digest/memory-broker.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const deps = { clock: new FakeClock(), random: () => 0, telemetry: new RecordingTelemetry() };

function taken(value: object): TakenMessage {
  return { subject: 's', form: 'either', value: Buffer.from(JSON.stringify(value)), place: 'p:1', isRepeated: false };
}

describe('the workers of a deployment', () => {
  it('get both kinds of message of one user at one worker', () => {
    const workers = new WorkerSet<TakenMessage>(8, userRules, deps);
    const place = hash32('u') % 8;
    const change = { AlarmID: 'a', UserID: 'u', Status: 'CRITICAL', ChangedAt: '2026-01-01T00:00:00Z' };
    assert.equal(workers.read(taken(change)).worker, place);
    assert.equal(workers.read(taken({ UserID: 'u' })).worker, place);
    workers.close();
  });

  it('take what is meant for one method where somebody delivers it', () => {
    const workers = new WorkerSet<TakenMessage>(8, userRules, deps, { deliversMethods: true });
    const { message } = workers.read(taken({ UserID: 'u', MethodID: 'm' }));
    assert.equal(message.kind, 'command');
    workers.close();
  });

  it('put aside what is meant for one method: a public digest never speaks for it', () => {
    const workers = new WorkerSet<TakenMessage>(8, userRules, deps);
    const { message } = workers.read(taken({ UserID: 'u', MethodID: 'm' }));
    assert.equal(message.kind, 'malformed');
    workers.close();
  });

  it('let go of whoever waits for room in front of one that was fenced', async () => {
    const workers = new WorkerSet<TakenMessage>(1, userRules, deps);
    const full = new AbortController();
    const home: DigestHome<TakenMessage> = {
      digestLimitBytes: 1_000,
      commit: async () => {
        await untilAborted(full.signal);
        throw new EngineError('FENCED', 'another instance has taken over', { retriable: false });
      },
    };
    const actor = workers.open(0, home);
    const ending = new AbortController();
    const pump = async () => {
      while (!ending.signal.aborted) {
        if (actor.isFull) {
          full.abort();
          await actor.room();
        }
        actor.take(workers.read(taken({ UserID: 'u' })));
        await Promise.resolve();
      }
    };
    await assert.rejects(
      workers.run([actor], ending, () => [pump()]),
      /another instance has taken over/,
    );
    workers.close();
  });
});
