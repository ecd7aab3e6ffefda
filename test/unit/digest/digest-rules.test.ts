import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestRules } from '../../../src/digest/digest-rules.js';
import { digestsOf } from '../../../src/digest/digest-text.js';
import { parseInstant } from '../../../src/domain/instant.js';
import { MemoryBroker } from '../../support/digest/memory-broker.js';

const texts = {
  empty: 'skip',
  tombstoneDays: 30,
  schedule: 'every 4h',
  userSchedules: new Map([['u-own', 'every 6h']]),
  methods: new Map([
    ['m-own', { delivery: 'digest', schedule: 'every 8h' }],
    ['m-empty', { empty: 'send' }],
  ] as const),
} as const;
const threeMs = Date.UTC(2026, 0, 1, 23);
const hourOf = (dueAtMs: number | undefined) => (dueAtMs === undefined ? undefined : new Date(dueAtMs).getUTCHours());

describe('the rules of digests', () => {
  const due = (given: Parameters<typeof digestRules>[0], userId: string, methodId?: string) =>
    hourOf(digestRules(given).scheduleOf({ userId, methodId })?.dueAtOrBefore(threeMs));

  it("take a method's own schedule, then that of its user, then the general one", () => {
    assert.equal(due(texts, 'u-own', 'm-own'), 16);
    assert.equal(due(texts, 'u-own', 'm-other'), 18);
    assert.equal(due(texts, 'u-own'), 18);
    assert.equal(due(texts, 'u-other', 'm-other'), 20);
  });

  it("take what a method's row wishes behind the configuration, and before what is general", () => {
    const rules = digestRules(texts);
    const hour = (methodId: string | undefined, schedule: string) =>
      hourOf(rules.scheduleOf({ userId: 'u-own', methodId, wish: { schedule } })?.dueAtOrBefore(threeMs));
    assert.deepEqual(
      [hour('m-other', 'every 12h'), hour('m-own', 'every 12h'), hour(undefined, 'every 12h')],
      [12, 16, 18],
    );
    assert.equal(hour('m-other', 'at noon'), 18);
  });

  it('give methods a digest once a day where nothing is said, and users one on command only', () => {
    const silent = { ...texts, schedule: undefined };
    assert.equal(due(silent, 'u-other', 'm-other'), 0);
    assert.equal(due(silent, 'u-other'), undefined);
  });

  it('let a method ask for empty digests', async () => {
    const broker = new MemoryBroker();
    broker.rules = digestRules(texts);
    assert.equal(broker.rules.methodEmpty?.get('m-empty'), 'send');
    assert.equal(broker.rules.methodEmpty?.get('m-own'), undefined);
  });
});

describe('a digest of a method', () => {
  it('counts the names of its alarms against the limit', () => {
    const changedAt = parseInstant('2026-01-01T00:00:00Z');
    assert.ok(changedAt !== undefined);
    const alarm = { changedAt, status: 'WARNING', sequence: -1, toSend: true, version: 1, storedAtMs: 0 } as const;
    const owner = { userId: 'u', methodId: 'm' };
    const parts = (name: string) =>
      digestsOf(
        owner,
        ['a', 'b'].map((alarmId) => ({ alarmId, alarm: { ...alarm, name } })),
        400,
        'p:1',
      ).length;
    assert.deepEqual([parts('short'), parts('n'.repeat(200))], [1, 2]);
  });
});
