import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NatsMessage } from '../../../../src/adapters/nats/nats-message.js';
import { DigestWorker } from '../../../../src/digest/digest-worker.js';
import { parseDigestMessage } from '../../../../src/digest/message.js';
import { parseRow, rowKey, rowText } from '../../../../src/digest/stored-row.js';
import { parseInstant } from '../../../../src/domain/instant.js';
import type { DigestRound, StoredRow } from '../../../../src/ports/digest.js';
import { userRules } from '../../../support/digest/memory-broker.js';
import { MemoryBucket } from '../../../support/digest/memory-bucket.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';

const changedAt = parseInstant('2026-01-01T00:00:00Z');
assert.ok(changedAt !== undefined);
const alarm = { status: 'CRITICAL', changedAt, sequence: -1, toSend: true, version: 1, storedAtMs: 1 } as const;
const owner = { userId: 'u', methodId: undefined };
const marked: StoredRow = { kind: 'alarm', ...owner, alarmId: 'a', alarm };
const cleared: StoredRow = { kind: 'alarm', ...owner, alarmId: 'a', alarm: { ...alarm, toSend: false } };

function roundOf(finish: () => void): DigestRound<NatsMessage> {
  const taken = {
    subject: 's',
    form: 'command',
    value: new Uint8Array(),
    place: 'p:1',
    isRepeated: false,
    finish,
  } as const;
  const digest = { ...owner, id: 'id', alarms: [{ alarmId: 'a', alarm }], text: 'digest' };
  return { changed: [marked], digests: [digest], cleared: [cleared], deadLetters: [], taken: [taken] };
}

const signal = new AbortController().signal;

describe('the state of a digest in a bucket', () => {
  for (const lostAnswerAt of [1, 2]) {
    it(`goes on where it was when the answer to put ${lostAnswerAt} is lost, and publishes once`, async () => {
      const bucket = new MemoryBucket();
      bucket.lostAnswerAt = lostAnswerAt;
      let finished = 0;
      const round = roundOf(() => {
        finished += 1;
      });
      const home = bucket.home();
      await assert.rejects(home.commit(round, signal), { code: 'STORE_UNAVAILABLE' });
      assert.equal(finished, 0);
      await home.commit(round, signal);
      assert.deepEqual(bucket.published, [{ id: 'id', text: 'digest' }]);
      assert.equal(bucket.entries.get(rowKey(cleared))?.text, rowText(cleared));
      assert.equal(finished, 1);
    });
  }

  it('that somebody else has written fences the worker', async () => {
    const bucket = new MemoryBucket();
    const home = bucket.home();
    bucket.entries.set(rowKey(marked), { text: 'of another', revision: 7 });
    await assert.rejects(home.commit(roundOf(assert.fail), signal), { code: 'FENCED' });
    assert.deepEqual(bucket.published, []);
  });

  it('finishes nothing once the lease is over', async () => {
    const bucket = new MemoryBucket();
    bucket.isOurs = false;
    await assert.rejects(bucket.home().commit(roundOf(assert.fail), signal), { code: 'FENCED' });
    assert.equal(bucket.entries.size, 0);
  });
});

const alarmCount = 4;
const changes = Array.from({ length: alarmCount }, (_, index) => ({
  ...{ AlarmID: `a-${index}`, UserID: 'u', Status: 'CRITICAL', ChangedAt: '2026-01-01T00:00:00Z' },
}));

/** One life of the worker: reads the bucket, takes what is not finished and a further command, and works until it is done or dead. */
async function live(bucket: MemoryBucket, unfinished: Map<number, object>): Promise<void> {
  const clock = new FakeClock();
  const deps = { clock, random: () => 0, telemetry: new RecordingTelemetry() };
  const worker = new DigestWorker<NatsMessage>(0, bucket.home(), userRules, deps);
  for (const { text } of bucket.entries.values()) worker.restore(parseRow(text));
  for (const [number, body] of unfinished) {
    const read = {
      subject: 's',
      form: 'either',
      value: Buffer.from(JSON.stringify(body)),
      place: 'p:1',
      isRepeated: false,
    } as const;
    const taken = { ...read, finish: () => unfinished.delete(number), signalProgress: () => undefined };
    worker.take({ worker: 0, taken, message: parseDigestMessage(taken.value, taken.form) });
  }
  worker.close();
  const dead = new AbortController();
  bucket.onDeath = () => dead.abort();
  await worker.run(dead.signal).catch((error) => assert.ok(dead.signal.aborted, String(error)));
}

describe('a digest whose instance dies while it is being sent', () => {
  it('is told under one id, after whichever step it was, and leaves no list behind', async () => {
    let steps = 0;
    for (let isAlive = false; !isAlive; steps += 1) {
      const bucket = new MemoryBucket();
      const unfinished = new Map<number, object>([...changes, { UserID: 'u' }].map((body, index) => [index, body]));
      bucket.stepsLeft = steps;
      await live(bucket, unfinished);
      isAlive = bucket.stepsLeft > 0;
      bucket.stepsLeft = Number.POSITIVE_INFINITY;
      unfinished.set(100, { UserID: 'u' });
      await live(bucket, unfinished);
      assert.equal(unfinished.size, 0);
      assert.equal(new Set(bucket.published.map(({ id }) => id)).size, 1, `dead after ${steps} steps`);
      const rows = [...bucket.entries.values()].map(({ text }) => parseRow(text));
      assert.deepEqual(new Set(rows.map((row) => row.kind === 'alarm' && row.alarm?.toSend)), new Set([false]));
      assert.equal(rows.length, alarmCount);
    }
    // Changes, the digest, its list, the marks, the list again, and one that was left over.
    assert.equal(steps, alarmCount + 1 + 1 + alarmCount + 1 + 2);
  });

  it('does not lose what changed again after it, when a list is found', async () => {
    const bucket = new MemoryBucket();
    const unfinished = new Map<number, object>([...changes, { UserID: 'u' }].map((body, index) => [index, body]));
    // The list is stored and no mark is cleared.
    bucket.stepsLeft = alarmCount + 2;
    await live(bucket, unfinished);
    unfinished.set(100, { ...changes[0], Status: 'WARNING', ChangedAt: '2026-01-01T00:00:01Z' });
    unfinished.set(101, { UserID: 'u' });
    bucket.stepsLeft = Number.POSITIVE_INFINITY;
    await live(bucket, unfinished);
    const last = JSON.parse(bucket.published.at(-1)?.text ?? '{}') as { ActiveAlarms: readonly object[] };
    assert.equal(bucket.published.length, 2);
    assert.deepEqual(last.ActiveAlarms, [
      { AlarmID: 'a-0', Status: 'WARNING', LatestChangedAt: '2026-01-01T00:00:01Z' },
    ]);
  });
});
