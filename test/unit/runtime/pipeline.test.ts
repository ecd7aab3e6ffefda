import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireAnswer } from '../../../src/runtime/protocol.js';
import { answers, credits, type FakeWorker, finish, forward, read } from '../../support/flow-bench.js';
import { PipelineBench as Bench } from '../../support/pipeline-bench.js';

describe('pipeline', () => {
  it('carries an item from stage to stage and finishes it once', () => {
    const bench = new Bench();
    const stages = (['alarm_processor', 'notification_processor', 'sent_notification_processor'] as const).map(
      (stage) => bench.worker(stage),
    );
    bench.read(7);
    for (const worker of stages.slice(0, 2)) {
      assert.deepEqual(worker.given, ['7']);
      bench.hear(worker, answers([], { wants: 1 }));
      assert.equal(worker.room, 1);
      bench.hear(worker, answers([forward(7)]));
    }
    assert.equal(bench.pipeline.unfinishedCount, 1);
    const last = stages[2];
    assert.ok(last);
    assert.deepEqual(last.given, ['7']);
    bench.hear(last, answers([finish(7)]));
    assert.deepEqual([bench.finished, bench.pipeline.unfinishedCount], [[7n], 0]);
  });

  it('keeps out of the queue what is not begun, and gives its room to the next', () => {
    const bench = new Bench(2);
    bench.begins = (offset) => offset > 1n;
    bench.read(0, 1);
    assert.equal(bench.pipeline.unfinishedCount, 0);
    bench.read(2, 3);
    assert.deepEqual([bench.pipeline.unfinishedCount, bench.source.room], [2, 4]);
  });

  it('grants room as soon as something has been handed out', () => {
    const bench = new Bench(1);
    bench.hear(bench.source, read([], { wants: 3 }));
    bench.hear(bench.source, read([1]));
    assert.equal(bench.source.room, 1);
    bench.worker('alarm_processor');
    assert.equal(bench.source.room, 2);
  });

  it('gives what a dead worker held to another, and the room that it was granted to others', () => {
    const bench = new Bench();
    const dead = bench.worker('alarm_processor');
    bench.read(1, 2);
    bench.hear(dead, answers([], { wants: 2 }));
    assert.equal(dead.room, 2);
    bench.kill(dead);
    const heir = bench.worker('alarm_processor');
    assert.deepEqual(heir.given, ['1']);
    bench.hear(heir, answers([], { wants: 1 }));
    bench.hear(heir, answers([forward(1)], { wants: 1 }));
    assert.deepEqual([heir.given, heir.room], [['1', '2'], 2]);
    bench.hear(heir, answers([forward(2)]));
    assert.equal(bench.pipeline.queueLengths()[1]?.length, 2);
  });

  it('hears nothing more from a worker that is dead', () => {
    const bench = new Bench();
    const dead = bench.worker('alarm_processor');
    bench.read(1);
    bench.kill(dead);
    bench.hear(dead, answers([finish(1)]));
    bench.hear(dead, credits(5));
    assert.deepEqual([bench.finished, bench.pipeline.unfinishedCount], [[], 1]);
  });

  it('parks what killed two workers with the last stage, and frees its order key', () => {
    const bench = new Bench();
    const last = bench.worker('sent_notification_processor');
    const same = { key: () => 'one alarm' };
    const victim = bench.worker('alarm_processor');
    bench.hear(bench.source, read([], { wants: 2 }));
    bench.hear(bench.source, read([1, 2], same));
    assert.deepEqual(victim.given, ['1']);
    bench.kill(victim);
    const second = bench.worker('alarm_processor');
    bench.kill(second);
    assert.deepEqual([bench.quarantined, last.parked], [[1n], ['1']]);
    const third = bench.worker('alarm_processor');
    assert.deepEqual(third.given, ['2']);
    bench.hear(third, answers([finish(2)]));
    assert.equal(bench.pipeline.unfinishedCount, 1);
    bench.hear(last, answers([finish(1)]));
    assert.deepEqual([bench.finished, bench.pipeline.unfinishedCount], [[2n, 1n], 0]);
  });

  it('parks it with the next worker when the one that was to park it dies, and only there', () => {
    const bench = new Bench();
    for (const _ of [1, 2]) {
      const victim = bench.worker('alarm_processor');
      if (bench.begun.length === 0) bench.read(1);
      bench.kill(victim);
    }
    assert.deepEqual([bench.quarantined, bench.pipeline.unfinishedCount], [[1n], 1]);
    const first = bench.worker('sent_notification_processor');
    assert.deepEqual(first.parked, ['1']);
    bench.kill(first);
    assert.equal(bench.pipeline.unfinishedCount, 1);
    const second = bench.worker('sent_notification_processor');
    assert.deepEqual([second.given, second.parked], [[], ['1']]);
    bench.hear(second, answers([finish(1)]));
    assert.deepEqual([bench.finished, bench.pipeline.unfinishedCount], [[1n], 0]);
  });

  it('makes everything void when a term begins: queues, hands, suspects, parked', () => {
    const bench = new Bench();
    const [victim, holder] = [bench.worker('alarm_processor', 1), bench.worker('alarm_processor', 1)];
    bench.read(1, 2, 3);
    bench.kill(victim);
    bench.pipeline.begin(2);
    bench.turn();
    assert.equal(bench.pipeline.unfinishedCount, 0);
    bench.hear(holder, answers([finish(2)]));
    assert.deepEqual(bench.finished, []);
    bench.hear(holder, credits(5, 2));
    bench.read(2);
    assert.deepEqual([holder.given.at(-1), holder.of('work').at(-1)?.term], ['2', 2]);
    bench.hear(holder, answers([finish(2)], { term: 2 }));
    assert.deepEqual([bench.finished, bench.pipeline.unfinishedCount], [[2n], 0]);
  });

  it('knows who held something of an ended term until that worker is heard in the new one, or dead', () => {
    const bench = new Bench();
    const [one, other] = [bench.worker('alarm_processor', 1), bench.worker('alarm_processor', 1)];
    bench.worker('notification_processor');
    bench.read(1, 2);
    assert.equal(bench.pipeline.behindCount, 0);
    bench.pipeline.begin(2);
    assert.equal(bench.pipeline.behindCount, 2);
    bench.hear(one, answers([finish(1)]));
    bench.pipeline.begin(3);
    assert.equal(bench.pipeline.behindCount, 2);
    bench.hear(one, credits(1, 3));
    assert.equal(bench.pipeline.behindCount, 1);
    bench.kill(other);
    assert.equal(bench.pipeline.behindCount, 0);
  });

  it('forgets in a new term what was to be parked: it will be read again', () => {
    const bench = new Bench();
    for (const _ of [1, 2]) {
      const victim = bench.worker('alarm_processor');
      if (bench.begun.length === 0) bench.read(1);
      bench.kill(victim);
    }
    bench.pipeline.begin(2);
    const last = bench.worker('sent_notification_processor');
    assert.deepEqual([last.parked, bench.pipeline.unfinishedCount], [[], 0]);
  });

  it('acquits by signs of life what a worker holds alone, and gives it more', () => {
    const bench = new Bench();
    const victim = bench.worker('alarm_processor');
    bench.read(1, 2);
    bench.kill(victim);
    const heir = bench.worker('alarm_processor');
    for (const _ of [1, 2]) {
      bench.pipeline.showedLife(heir.asWorker);
      bench.turn();
    }
    assert.deepEqual(heir.given, ['1', '2']);
  });
});

describe('pipeline at its border', () => {
  const held = (): readonly [Bench, FakeWorker] => {
    const bench = new Bench();
    const worker = bench.worker('alarm_processor');
    bench.read(1);
    return [bench, worker];
  };
  const stillThere = (bench: Bench, worker: FakeWorker) => {
    assert.deepEqual([bench.finished, bench.pipeline.unfinishedCount], [[], 1]);
    bench.kill(worker);
    assert.deepEqual(bench.worker('alarm_processor').given, ['1']);
  };
  const answer = (changes: object) => answers([{ ...finish(1), ...changes } as unknown as WireAnswer]);

  for (const [what, changes] of [
    ['of a kind that there is not', { kind: 'done' }],
    ['of no kind', { kind: undefined }],
    ['that finishes for no reason', { reason: undefined }],
    ['that finishes for a reason that there is not', { reason: 'enough' }],
    ['that forwards no text', { kind: 'forward', payload: { text: 'x' } }],
    ['that forwards without room', { kind: 'forward', payload: 'x' }],
  ] as const) {
    it(`refuses an answer ${what}, and loses nothing by it`, () => {
      const [bench, worker] = held();
      bench.refuses(worker, answer(changes));
      stillThere(bench, worker);
    });
  }

  it('refuses answers for what the worker does not hold, and answers that are none', () => {
    const [bench, worker] = held();
    bench.refuses(worker, answers([finish(2)]));
    for (const list of [undefined, 7, [undefined], [{ at: { topic: 'alarms', partition: 0, offset: '-1' } }]]) {
      bench.refuses(worker, { type: 'answers', term: 1, answers: list });
    }
    stillThere(bench, worker);
  });

  it('refuses a message of a term that has not begun or is no number; an earlier one is void', () => {
    const [bench, worker] = held();
    for (const term of [2, '1', undefined, null, Number.NaN]) bench.refuses(worker, { ...answer({}), term });
    bench.hear(worker, { ...answer({}), term: 0 });
    stillThere(bench, worker);
  });

  it('refuses counts that are none', () => {
    const [bench, worker] = held();
    for (const more of [-1, 1.5, 1e9, '3', undefined]) bench.refuses(worker, { type: 'credits', term: 1, more });
    for (const wants of [-1, 1.5, 1e9, '3']) {
      bench.refuses(worker, { type: 'answers', term: 1, answers: [], wants });
      bench.refuses(bench.source, { type: 'read', term: 1, parcels: [], wants });
    }
  });

  it('begins nothing for which there is no room: it will be read again', () => {
    const bench = new Bench(1);
    bench.refuses(bench.source, read([5]));
    assert.deepEqual([bench.begun, bench.pipeline.unfinishedCount], [[], 0]);
    bench.hear(bench.source, read([], { wants: 2 }));
    bench.refuses(bench.source, read([5, 6]));
    assert.deepEqual([bench.begun, bench.pipeline.unfinishedCount], [[5n], 1]);
  });

  it('refuses what a stage reads that is no source, and what a source answers', () => {
    const [bench, worker] = held();
    bench.hear(worker, answers([], { wants: 1 }));
    const begunCount = bench.begun.length;
    bench.refuses(worker, read([99]));
    assert.equal(bench.begun.length, begunCount);
    bench.refuses(bench.source, answers([finish(1)]));
    stillThere(bench, worker);
  });
});
