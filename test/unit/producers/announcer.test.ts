import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AlarmStatus } from '../../../src/domain/alarm-status.js';
import type { Remembered } from '../../../src/producers/announcement.js';
import { Slots } from '../../../src/producers/slots.js';
import { accepted, announcerBench as bench, refused, unknown } from '../../support/announcer-bench.js';

describe('an announcer', () => {
  it('tells every change once, nothing of a quiet start, and repeats what fires', async () => {
    const { clock, sink, see } = bench();
    const seen: readonly AlarmStatus[] = [
      'OK',
      'WARNING',
      'CRITICAL',
      'WARNING',
      'OK',
      'OK',
      ...Array(9).fill('WARNING'),
    ];
    for (const status of seen) {
      see(status);
      await clock.advance(15_000);
    }
    assert.deepEqual(sink.told, [
      'transition OK>WARNING accepted @15000',
      'transition WARNING>CRITICAL accepted @30000',
      'transition CRITICAL>WARNING accepted @45000',
      'transition WARNING>OK accepted @60000',
      'transition OK>WARNING accepted @90000',
      'repeat WARNING>WARNING accepted @195000',
    ]);
  });

  it('counts the repeat interval from the look that was told of, not from the answer', async () => {
    const { clock, sink, see } = bench({ repeatMs: 15_000 });
    sink.takesMs = 40;
    for (let i = 0; i < 3; i += 1) {
      see('CRITICAL');
      await clock.advance(15_000);
    }
    assert.deepEqual(
      sink.told.map((line) => line.split('@')[1]),
      ['40', '15040', '30040'],
    );
  });

  it('does not repeat too early after a look that was late', async () => {
    const { clock, sink, announcer, watched } = bench({ repeatMs: 100_000 });
    const seeAt = async (scheduledMonoMs: number) => {
      announcer.observe(watched('a'), { status: 'WARNING', reason: 'w', details: undefined, scheduledMonoMs });
      await clock.advance(1);
    };
    await clock.advance(6_000);
    await seeAt(0);
    await clock.advance(98_999);
    await seeAt(105_000);
    assert.equal(sink.told.length, 1);
    await clock.advance(15_000);
    await seeAt(120_000);
    assert.deepEqual(sink.told.slice(1), ['repeat WARNING>WARNING accepted @120001']);
  });

  it('goes on until somebody takes it, with ever longer pauses, and at once when a look confirms it', async () => {
    const { clock, sink, see } = bench();
    sink.answers = Array(6).fill(refused);
    see('WARNING');
    await clock.advance(8_000);
    see('WARNING');
    await clock.advance(100);
    see('WARNING');
    await clock.advance(20_000);
    assert.deepEqual(
      sink.told.map((line) => Number(line.split('@')[1])),
      [0, 100, 350, 2_350, 6_350, 8_000, 8_100],
    );
    assert.match(sink.told.at(-1) ?? '', /accepted/);
  });

  it('counts the repeat interval from the attempt that was taken when it was not the first', async () => {
    const { clock, sink, see } = bench({ repeatMs: 1_000 });
    sink.answers = [refused];
    see('WARNING');
    await clock.advance(1_000);
    see('WARNING');
    await clock.advance(100);
    see('WARNING');
    await clock.advance(1);
    assert.deepEqual(sink.told.slice(1), [
      'transition OK>WARNING accepted @100',
      'repeat WARNING>WARNING accepted @1100',
    ]);
  });

  it('replaces what waits by what is newer', async () => {
    const { clock, sink, see, ended } = bench();
    sink.answers = [refused, refused];
    see('WARNING');
    await clock.advance(50);
    see('CRITICAL');
    await clock.advance(60_000);
    assert.deepEqual(sink.told, [
      'transition OK>WARNING refused @0',
      'transition OK>CRITICAL refused @50',
      'transition OK>CRITICAL accepted @150',
    ]);
    assert.deepEqual(ended, ['transition WARNING superseded', 'transition CRITICAL accepted']);
  });

  it('does not tell the end of what was certainly never told', async () => {
    const { clock, sink, see, announcer } = bench();
    sink.answers = [refused];
    see('WARNING');
    await clock.advance(50);
    assert.equal(announcer.pendingCount, 1);
    assert.equal(announcer.oldestPendingMs(), 50);
    see('OK');
    await clock.advance(60_000);
    assert.deepEqual(sink.told, ['transition OK>WARNING refused @0']);
    assert.deepEqual([announcer.pendingCount, announcer.oldestPendingMs(), clock.waitingCount], [0, 0, 0]);
  });

  it('tells the end of what may have been told', async () => {
    const { clock, sink, see } = bench();
    sink.answers = [unknown, refused];
    see('WARNING');
    await clock.advance(50);
    see('OK');
    await clock.advance(60_000);
    assert.deepEqual(sink.told.slice(1), ['transition WARNING>OK refused @50', 'transition WARNING>OK accepted @150']);
  });

  it('awaits what is under way, so that an old state never lands after a newer one', async () => {
    const { clock, sink, see } = bench();
    sink.takesMs = 1_000;
    see('WARNING');
    await clock.advance(500);
    see('CRITICAL');
    await clock.advance(10);
    see('OK');
    await clock.advance(10_000);
    assert.deepEqual(sink.told, ['transition OK>WARNING accepted @1000', 'transition WARNING>OK accepted @2000']);
    assert.equal(sink.mostAtOnce, 1);
  });

  it('withdraws what is under way where order is kept, and tells the newest only', async () => {
    const { clock, sink, see } = bench();
    sink.keepsOrder = true;
    sink.takesMs = 10_000;
    see('WARNING');
    await clock.advance(500);
    see('CRITICAL');
    await clock.advance(500);
    sink.takesMs = 0;
    see('WARNING');
    await clock.advance(10);
    assert.deepEqual(sink.told.slice(2), ['transition OK>WARNING accepted @1000']);
  });

  it('repeats the same repeat when the end of one is not known', async () => {
    const { clock, sink, see } = bench({ repeatMs: 1_000 });
    sink.answers = [accepted, unknown];
    see('WARNING');
    await clock.advance(1_000);
    see('WARNING');
    await clock.advance(2_000);
    assert.deepEqual(sink.told.slice(1), [
      'repeat WARNING>WARNING unknown @1000',
      'repeat WARNING>WARNING accepted @1100',
    ]);
  });

  it('goes on from what the sink remembers', async () => {
    const { clock, sink, see } = bench();
    const agoMs = 90_000;
    const remembered: Remembered = { status: 'WARNING', maybe: undefined, acceptedAtMs: clock.nowMs() - agoMs };
    sink.memory = new Map<string, Remembered>([
      ['a', remembered],
      ['b', remembered],
      ['c', { status: 'OK', maybe: 'WARNING', acceptedAtMs: 0 }],
      ['d', { status: 'WARNING', maybe: undefined, acceptedAtMs: clock.nowMs() + 3_600_000 }],
    ]);
    see('WARNING');
    see('OK', 'b');
    see('OK', 'c');
    see('WARNING', 'd');
    await clock.advance(15_000);
    see('WARNING');
    await clock.advance(1);
    assert.deepEqual(sink.told, [
      'b transition WARNING>OK accepted @0',
      'c transition WARNING>OK accepted @0',
      'repeat WARNING>WARNING accepted @15000',
    ]);
  });

  it('tells once that what was removed does not fire any more, and forgets it', async () => {
    const { clock, sink, see, announcer, watched } = bench();
    see('WARNING');
    see('OK', 'b');
    await clock.advance(1);
    sink.answers = [refused];
    announcer.remove(watched('a'), 'removed');
    announcer.remove(watched('b'), 'removed');
    assert.deepEqual(sink.forgotten, ['b']);
    await clock.advance(1_000);
    assert.deepEqual(sink.told.slice(1), ['transition WARNING>OK refused @1', 'transition WARNING>OK accepted @101']);
    assert.deepEqual(sink.forgotten, ['b', 'a']);
    assert.equal(announcer.observedOf('a'), undefined);
  });

  it('takes a place before each attempt, and tells what is newest when it gets one', async () => {
    const slots = new Slots(1);
    const { clock, sink, see } = bench({ slots });
    sink.takesMs = 1_000;
    see('WARNING', 'b');
    see('WARNING');
    await clock.advance(500);
    see('CRITICAL');
    await clock.advance(10_000);
    assert.deepEqual(sink.told, ['b transition OK>WARNING accepted @1000', 'transition OK>CRITICAL accepted @2000']);
    assert.equal(slots.takenCount, 0);
  });

  it('gives what is under way its time at a stop, begins nothing new, and cuts off what takes longer', async () => {
    const slots = new Slots(2);
    const { clock, sink, see, announcer } = bench({ slots });
    sink.takesMs = 3_000;
    see('WARNING');
    await clock.advance(1);
    sink.takesMs = 60_000;
    see('WARNING', 'b');
    see('WARNING', 'c');
    const closed = announcer.close(5_000);
    await clock.advance(10_000);
    await closed;
    assert.deepEqual(sink.told, ['transition OK>WARNING accepted @3000', 'b transition OK>WARNING unknown @5001']);
    assert.equal(clock.waitingCount, 0);
  });

  it('tries once more at a stop what waits for its next attempt, where attempts take no place', async () => {
    const { clock, sink, see, announcer } = bench();
    sink.answers = [refused, refused, accepted, refused];
    see('WARNING');
    see('WARNING', 'b');
    await clock.advance(50);
    const closed = announcer.close(5_000);
    await clock.advance(1);
    await closed;
    assert.deepEqual(sink.told.slice(2), ['transition OK>WARNING accepted @50', 'b transition OK>WARNING refused @50']);
    assert.equal(clock.waitingCount, 0);
  });

  it('says how long the oldest pending one has waited, of however many', async () => {
    const { clock, sink, announcer, see } = bench({ slots: new Slots(1) });
    assert.equal(announcer.oldestPendingMs(), 0);
    sink.takesMs = 60_000;
    see('OK', 'quiet');
    see('WARNING', 'first');
    await clock.advance(2_000);
    for (let at = 0; at < 150_000; at += 1) see('WARNING', `later-${at}`);
    await clock.advance(1_000);
    assert.equal(announcer.oldestPendingMs(), 3_000);
  });
});
