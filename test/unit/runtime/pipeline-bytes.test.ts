import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answers, finish, forward, read } from '../../support/flow-bench.js';
import { PipelineBench as Bench } from '../../support/pipeline-bench.js';

describe('what is under way, weighed', () => {
  it('reads no further while what is under way takes its capacity in bytes, and lets the stages go on', () => {
    const bench = new Bench(100, 2 * 'payload 1'.length);
    const alarms = bench.worker('alarm_processor');
    bench.read(1);
    bench.read(2);
    assert.deepEqual([bench.source.room, bench.pipeline.bytes], [2, 18]);
    bench.hear(bench.source, read([], { wants: 1 }));
    assert.equal(bench.source.room, 2);
    bench.hear(alarms, answers([], { wants: 1 }));
    assert.equal(alarms.room, 1);
    bench.hear(alarms, answers([forward(1)]));
    assert.deepEqual([bench.source.room, bench.pipeline.bytes], [3, 15]);
    bench.hear(alarms, answers([finish(2)]));
    bench.hear(bench.worker('notification_processor'), answers([finish(1)]));
    assert.equal(bench.pipeline.bytes, 0);
  });

  it('counts the bytes of what a dead worker held once, of what is parked too, and nothing in a new term', () => {
    const bench = new Bench();
    for (const _ of [1, 2]) {
      const victim = bench.worker('alarm_processor');
      if (bench.begun.length === 0) bench.read(1);
      bench.kill(victim);
      assert.equal(bench.pipeline.bytes, 'payload 1'.length);
    }
    bench.hear(bench.worker('sent_notification_processor'), answers([finish(1)]));
    assert.deepEqual([bench.quarantined, bench.pipeline.bytes], [[1n], 0]);
    bench.begins = () => false;
    bench.read(2);
    assert.equal(bench.pipeline.bytes, 0);
    bench.begins = () => true;
    bench.read(3);
    bench.pipeline.begin(2);
    assert.equal(bench.pipeline.bytes, 0);
  });
});
