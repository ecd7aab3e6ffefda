import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestRules } from '../../../src/digest/digest-rules.js';
import { parseSchedule } from '../../../src/domain/schedule.js';
import { MemoryBroker, userRules } from '../../support/digest/memory-broker.js';

const hourMs = 3_600_000;
const at = '2026-01-01T00:00:00Z';

/** A broker whose clock stands at 2026-01-01T00:00:00Z, with digests every four hours. */
function scheduled(): MemoryBroker {
  const broker = new MemoryBroker();
  const schedule = parseSchedule('every 4h');
  broker.rules = { ...userRules, scheduleOf: () => schedule };
  return broker;
}

/** Starts the workers on what is stored, tells them the time, and lets them finish. */
async function tick(broker: MemoryBroker): Promise<void> {
  const workers = broker.start();
  for (const worker of workers) worker.tick(broker.clock.nowMs());
  for (const worker of workers) worker.tick(broker.clock.nowMs());
  await broker.finish(workers);
}

describe('a scheduled digest', () => {
  it('goes out when it is due, once, whoever looks again', async () => {
    const broker = scheduled();
    broker.status('u', 'a', 'CRITICAL', at);
    await broker.run();
    await tick(broker);
    assert.equal(broker.published.length, 0);
    await broker.clock.advance(4 * hourMs);
    await tick(broker);
    await tick(broker);
    assert.equal(broker.published.length, 1);
  });

  it('is made up for by one run, after being down over several', async () => {
    const broker = scheduled();
    broker.status('u', 'a', 'CRITICAL', at);
    await broker.run();
    await broker.clock.advance(30 * hourMs);
    await tick(broker);
    broker.status('u', 'b', 'WARNING', at);
    await broker.run();
    await tick(broker);
    assert.equal(broker.published.length, 1);
    await broker.clock.advance(4 * hourMs);
    await tick(broker);
    assert.equal(broker.published.length, 2);
  });

  it('is not sent early for an alarm that came after the due time', async () => {
    const broker = scheduled();
    broker.status('u', 'a', 'CRITICAL', at);
    broker.send('u');
    await broker.run();
    await broker.clock.advance(5 * hourMs);
    broker.status('u', 'b', 'WARNING', at);
    await broker.run();
    await tick(broker);
    assert.equal(broker.published.length, 1);
    await broker.clock.advance(3 * hourMs);
    await tick(broker);
    assert.equal(broker.published.length, 2);
  });

  it('is not skipped because the alarm changed once more after the due time', async () => {
    const broker = scheduled();
    broker.status('u', 'a', 'WARNING', at);
    await broker.run();
    await broker.clock.advance(5 * hourMs);
    broker.status('u', 'a', 'CRITICAL', '2026-01-01T00:00:01Z');
    await broker.run();
    await tick(broker);
    assert.equal(broker.published.length, 1);
  });

  it('sends nothing when there is nothing, and an empty list with --empty send', async () => {
    const broker = scheduled();
    broker.status('u', 'a', 'WARNING', at);
    broker.send('u');
    await broker.run();
    await broker.clock.advance(5 * hourMs);
    await tick(broker);
    assert.equal(broker.published.length, 1);
    broker.rules = { ...broker.rules, empty: 'send' };
    await tick(broker);
    assert.equal(broker.published.at(-1)?.text, '{"UserID":"u","ActiveAlarms":[]}');
  });

  it('comes to users whose alarms waited before there was a schedule, once what they owe is due', async () => {
    const broker = scheduled();
    const { scheduleOf } = broker.rules;
    broker.rules = userRules;
    await broker.clock.advance(hourMs);
    broker.status('u', 'a', 'CRITICAL', at);
    await broker.run();
    await tick(broker);
    broker.rules = { ...userRules, scheduleOf };
    await tick(broker);
    assert.equal(broker.published.length, 0, 'nothing was due since the alarm came');
    await broker.clock.advance(2 * hourMs);
    broker.status('u', 'b', 'CRITICAL', at);
    await broker.run();
    await broker.clock.advance(1.5 * hourMs);
    await tick(broker);
    await tick(broker);
    assert.deepEqual(
      broker.published.map(({ text }) => text.split('CRITICAL').length),
      [3],
    );
  });

  it('that cannot be published is counted as what it is', async () => {
    const broker = scheduled();
    broker.status('u', 'a', 'CRITICAL', at);
    await broker.run();
    await broker.clock.advance(4 * hourMs);
    broker.failuresToCome = 2;
    await tick(broker);
    assert.equal(broker.published.length, 1);
    const { counts } = broker.telemetry;
    const counted = (words: string) => counts.get(`digest_digests_total ${words}`) ?? 0;
    assert.deepEqual(['schedule failed', 'command failed', 'schedule sent'].map(counted), [2, 0, 1]);
  });

  it('with --empty send comes to a user whose alarms were never active, at each due time', async () => {
    const broker = scheduled();
    broker.rules = { ...broker.rules, empty: 'send' };
    broker.status('u', 'a', 'CLEARED', at);
    await broker.run();
    await tick(broker);
    assert.equal(broker.published.length, 0);
    await broker.clock.advance(4 * hourMs);
    await tick(broker);
    await broker.clock.advance(4 * hourMs);
    await tick(broker);
    assert.deepEqual(
      broker.published.map(({ text }) => text),
      ['{"UserID":"u","ActiveAlarms":[]}', '{"UserID":"u","ActiveAlarms":[]}'],
    );
    // A stream drops what bears the id of something it has.
    assert.equal(new Set(broker.published.map(({ id }) => id)).size, 2);
  });

  it("keeps to the last word of a method's row, also in the next process", async () => {
    const broker = new MemoryBroker();
    broker.rules = digestRules({ ...userRules, schedule: 'every 12h', userSchedules: [], methods: [] });
    const says = async (status: string, changedAt: string, wish: object) => {
      broker.status('u', 'a', status, changedAt, { MethodID: 'm', ...wish });
      await broker.run();
    };
    await says('CRITICAL', at, { Schedule: 'every 4h', Empty: 'send' });
    await broker.clock.advance(4 * hourMs);
    await tick(broker);
    assert.equal(broker.published.length, 1);
    await broker.clock.advance(4 * hourMs);
    await tick(broker);
    assert.equal(broker.published.at(-1)?.text, '{"UserID":"u","ActiveAlarms":[]}');
    await says('WARNING', '2026-01-01T08:00:00Z', {});
    await broker.clock.advance(3 * hourMs);
    await tick(broker);
    assert.equal(broker.published.length, 2);
    await broker.clock.advance(hourMs);
    await tick(broker);
    assert.equal(broker.published.length, 3);
  });

  for (const crashAt of ['before', 'changed', 'digests', 'cleared'] as const) {
    it(`is neither skipped nor doubled by a crash ${crashAt === 'before' ? 'before' : `after the step ${crashAt} of`} its commit`, async () => {
      const broker = scheduled();
      broker.status('u', 'a', 'CRITICAL', at);
      await broker.run();
      await broker.clock.advance(4 * hourMs);
      broker.crashAt = crashAt;
      await tick(broker);
      await tick(broker);
      assert.equal(new Set(broker.published.map(({ id }) => id)).size, 1);
      assert.equal(broker.published.length, crashAt === 'digests' ? 2 : 1);
    });
  }
});

describe('tombstones', () => {
  it('are forgotten in time, also in the store; active alarms never', async () => {
    const broker = scheduled();
    broker.rules = { ...userRules, tombstoneDays: 2 };
    broker.status('u', 'a', 'CLEARED', at);
    broker.status('u', 'b', 'CRITICAL', at);
    broker.status('v', 'c', 'CLEARED', at);
    await broker.run();
    await broker.clock.advance(24 * hourMs);
    await tick(broker);
    assert.equal(broker.state.size, 3);
    await broker.clock.advance(25 * hourMs);
    await tick(broker);
    assert.equal(broker.state.size, 1);
    broker.send('u');
    await broker.run();
    assert.equal(broker.published.length, 1);
  });
});
