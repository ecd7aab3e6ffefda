import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { untilAborted } from '../../../src/domain/until-aborted.js';
import { SourceParts } from '../../../src/worker/source-parts.js';
import type { Surroundings } from '../../../src/worker/surroundings.js';

describe('the worker around a source', () => {
  it('gives up a mirrored position that Kafka does not answer when it closes', { timeout: 10_000 }, async () => {
    const closed = new AbortController();
    const ignore = () => undefined;
    const around = { host: { send: ignore, crash: assert.fail } } as unknown as Surroundings;
    const parts = new SourceParts(around, 100, () => ({
      source: {
        resume: ignore,
        allow: ignore,
        pause: ignore,
        close: () => Promise.resolve(),
        read: () => assert.fail(),
      },
      mirror: {
        mirror: () => untilAborted(closed.signal),
        close: async () => closed.abort(),
      },
      reader: { run: (signal) => untilAborted(signal) },
    }));
    parts.start();
    parts.handle({ type: 'lease', term: 1, endsAtMonoMs: 1, endsAtMs: 1 });
    parts.handle({ type: 'committed', term: 1, positions: [{ topic: 't', partition: 0, offset: '7' }] });
    await parts.close();
    assert.equal(closed.signal.aborted, true);
  });
});
