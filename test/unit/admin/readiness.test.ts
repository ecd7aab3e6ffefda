import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ReadinessFacts, readiness } from '../../../src/admin/readiness.js';

const nowMonoMs = 100_000;
const answered = { answeredAtMonoMs: nowMonoMs - 10_000 };
const fine: ReadinessFacts = {
  role: 'active',
  systems: { kafka: answered, zookeeper: answered, mysql: answered },
  nowMonoMs,
  obstacles: [],
  halted: [],
  stuckHeads: [],
  notes: [],
};

describe('readiness', () => {
  it('is given to an active engine and to a standby whose systems answered within 10 s', () => {
    assert.deepEqual(readiness(fine), { ready: true, reasons: [], notes: [] });
    assert.equal(readiness({ ...fine, role: 'standby' }).ready, true);
  });

  it('is withheld while starting and while stopping', () => {
    assert.deepEqual(readiness({ ...fine, role: 'starting' }).reasons, ['the engine is starting']);
    assert.equal(readiness({ ...fine, role: 'stopping' }).ready, false);
  });

  it('names the system that is silent, since when and why', () => {
    const mysql = { answeredAtMonoMs: nowMonoMs - 14_200, failure: 'connect ECONNREFUSED' };
    assert.deepEqual(readiness({ ...fine, systems: { ...fine.systems, mysql } }).reasons, [
      'mysql has not answered for 14 s: connect ECONNREFUSED',
    ]);
  });

  it('is withheld from the first millisecond beyond 10 s', () => {
    const kafka = { answeredAtMonoMs: nowMonoMs - 10_001 };
    assert.equal(readiness({ ...fine, systems: { ...fine.systems, kafka } }).ready, false);
  });

  it('does not wait for a failure to be old: a system that never answered is away', () => {
    const kafka = { answeredAtMonoMs: 0 };
    const { reasons } = readiness({ ...fine, nowMonoMs: 5, systems: { kafka, zookeeper: kafka, mysql: kafka } });
    assert.deepEqual(reasons, [
      'kafka has not answered yet',
      'zookeeper has not answered yet',
      'mysql has not answered yet',
    ]);
  });

  it('forgives a failure that was followed by an answer in time', () => {
    const zookeeper = { answeredAtMonoMs: nowMonoMs - 3000, failure: 'timed out' };
    assert.equal(readiness({ ...fine, systems: { ...fine.systems, zookeeper } }).ready, true);
  });

  it('is withheld by a halted partition and by an absent topic', () => {
    const halted = [{ topic: 'alarms', partition: 2 }];
    assert.match(readiness({ ...fine, halted }).reasons.join(), /^halted alarms\/2: .*offsets set/);
    assert.deepEqual(readiness({ ...fine, obstacles: ['topic alarms is absent'] }).ready, false);
  });

  it('is not withheld by a stuck head or a receiver that is away: those are notes', () => {
    const stuckHeads = [{ topic: 'alarm-state-transitions', partition: 3, offset: 812n }];
    assert.deepEqual(readiness({ ...fine, stuckHeads, notes: ['email relay away'] }), {
      ready: true,
      reasons: [],
      notes: ['stuck_head alarm-state-transitions/3@812', 'email relay away'],
    });
  });
});
