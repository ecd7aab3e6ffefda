import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JetstreamHome, type JetstreamHomeOptions } from '../../../../src/adapters/nats/jetstream-home.js';
import type { NatsMessage } from '../../../../src/adapters/nats/nats-message.js';
import { parseRow, rowKey, rowText } from '../../../../src/digest/stored-row.js';
import { EngineError } from '../../../../src/domain/errors.js';
import { parseInstant } from '../../../../src/domain/instant.js';
import type { DigestRound, StoredRow } from '../../../../src/ports/digest.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';

const changedAt = parseInstant('2026-01-01T00:00:00Z');
assert.ok(changedAt !== undefined);
const alarm = { status: 'CRITICAL', changedAt, sequence: -1, toSend: true, version: 1, storedAtMs: 1 } as const;
const owner = { userId: 'u', methodId: undefined };
const marked: StoredRow = { kind: 'alarm', ...owner, alarmId: 'a', alarm };
const cleared: StoredRow = { kind: 'alarm', ...owner, alarmId: 'a', alarm: { ...alarm, toSend: false } };

/** A bucket that keeps what it is given, and loses the answer to one of its puts. */
class Bucket {
  readonly entries = new Map<string, { readonly text: string; readonly revision: number }>();
  readonly published: string[] = [];
  lostAnswerAt = 0;
  isOurs = true;
  #puts = 0;

  async put(key: string, text: string, { previousSeq }: { readonly previousSeq: number }): Promise<number> {
    if ((this.entries.get(key)?.revision ?? 0) !== previousSeq) {
      throw Object.assign(new Error('wrong last sequence'), { code: 10_071 });
    }
    this.#puts += 1;
    this.entries.set(key, { text, revision: this.#puts });
    if (this.#puts === this.lostAnswerAt) throw new Error('timeout');
    return this.#puts;
  }

  async get(key: string) {
    const entry = this.entries.get(key);
    return entry === undefined ? null : { operation: 'PUT', revision: entry.revision, string: () => entry.text };
  }

  home(): JetstreamHome {
    const lease = {
      demand: () => {
        if (!this.isOurs) throw new EngineError('FENCED', 'over', { retriable: false });
      },
    };
    const js = { publish: async (_subject: string, text: string) => void this.published.push(text) };
    const options = {
      ...{ js, jsm: {}, kv: this, bucketStream: 'KV_S', lease, maxPayloadBytes: 1_000 },
      rows: { key: rowKey, text: rowText, parse: parseRow },
    };
    return new JetstreamHome(options as unknown as JetstreamHomeOptions, {
      clock: new FakeClock(),
      telemetry: new RecordingTelemetry(),
    });
  }
}

function roundOf(finish: () => void): DigestRound<NatsMessage> {
  const taken = { subject: 's', form: 'command', value: new Uint8Array(), isRepeated: false, finish } as const;
  const digest = { ...owner, id: 'id', alarms: [{ alarmId: 'a', alarm }], text: 'digest' };
  return { changed: [marked], digests: [digest], cleared: [cleared], deadLetters: [], taken: [taken] };
}

const signal = new AbortController().signal;

describe('the state of a digest in a bucket', () => {
  for (const lostAnswerAt of [1, 2]) {
    it(`goes on where it was when the answer to put ${lostAnswerAt} is lost, and publishes once`, async () => {
      const bucket = new Bucket();
      bucket.lostAnswerAt = lostAnswerAt;
      let finished = 0;
      const round = roundOf(() => {
        finished += 1;
      });
      const home = bucket.home();
      await assert.rejects(home.commit(round, signal), { code: 'STORE_UNAVAILABLE' });
      assert.equal(finished, 0);
      await home.commit(round, signal);
      assert.deepEqual(bucket.published, ['digest']);
      assert.equal(bucket.entries.get(rowKey(cleared))?.text, rowText(cleared));
      assert.equal(finished, 1);
    });
  }

  it('that somebody else has written fences the worker', async () => {
    const bucket = new Bucket();
    bucket.entries.set(rowKey(marked), { text: 'of another', revision: 7 });
    await assert.rejects(bucket.home().commit(roundOf(assert.fail), signal), { code: 'FENCED' });
    assert.deepEqual(bucket.published, []);
  });

  it('finishes nothing once the lease is over', async () => {
    const bucket = new Bucket();
    bucket.isOurs = false;
    await assert.rejects(bucket.home().commit(roundOf(assert.fail), signal), { code: 'FENCED' });
    assert.equal(bucket.entries.size, 0);
  });
});
