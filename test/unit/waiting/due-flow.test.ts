import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DueFlow } from '../../../src/waiting/due-flow.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

describe('what falls due', () => {
  it('takes nothing for a failure while the first is not due yet, by a fraction of a millisecond', async () => {
    const clock = new FakeClock();
    const progressed: number[] = [];
    const parkedAtMonoMs: number[] = [];
    const flow = new DueFlow(
      {
        plan: { dueAtMs: () => undefined, saw: () => undefined, next: () => assert.fail() },
        outlet: {
          held: () => undefined,
          finished: () => undefined,
          room: () => assert.fail(),
          done: () => undefined,
          give: () => assert.fail(),
        },
        clock,
        telemetry: new RecordingTelemetry(),
      },
      {
        isOpen: () => true,
        again: () => assert.fail(),
        park: () => {
          parkedAtMonoMs.push(clock.monoMs());
          return Promise.resolve();
        },
        progressed: (count) => progressed.push(count),
      },
    );
    const raw = (offset: bigint) => ({
      position: { topic: 'retries', partition: 0, offset },
      key: undefined,
      value: Buffer.from('no record'),
    });
    const term = new AbortController();
    const fetched = [
      { raw: raw(1n), dueAtMonoMs: 10.6 },
      { raw: raw(2n), dueAtMonoMs: 20.3 },
    ];
    void flow.give(fetched as unknown as Parameters<DueFlow['give']>[0], term.signal);
    await clock.advance(100);
    assert.deepEqual(
      [progressed, parkedAtMonoMs],
      [
        [1, 1],
        [11, 21],
      ],
    );
  });
});
