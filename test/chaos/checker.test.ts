import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { check } from './checker.js';
import type { AckedAlarm, ChaosReceipt, History, Holding, SeenCommit, Strike } from './history.js';

const topic = 'alarms';
const methodId = 'hook';
const bound = { perSender: 10, perEngine: 40 };
const first = 100;
const second = 200;
const halfway = 5_000;

/** Ten alarms of two alarm ids, one every second, told 20 ms later; engine 100 works for five seconds, then engine 200. */
function goodHistory(): History & {
  acked: AckedAlarm[];
  receipts: ChaosReceipt[];
  holdings: Holding[];
  commits: SeenCommit[];
  strikes: Strike[];
} {
  const acked = Array.from({ length: 10 }, (_, serial) => ({
    ...{ serial, alarmId: `a${serial % 2}`, partition: 0, offset: BigInt(serial), atMs: serial * 1_000 },
  }));
  const receipts = acked.map(({ serial, alarmId, offset, atMs }) => ({
    ...{ id: notificationId({ topic, partition: 0, offset }, methodId), serial, alarmId, methodId, atMs: atMs + 20 },
    ...{ pid: atMs < halfway ? 101 : 201, engine: atMs < halfway ? first : second },
  }));
  return {
    ...{ topic, methodIds: [methodId], acked, receipts, parkedIds: new Set(), retriedIds: new Set(), strikes: [] },
    recordedIds: new Set(receipts.map(({ id }) => id)),
    holdings: [
      { lock: topic, engine: first, fromMs: 0, toMs: halfway - 10 },
      { lock: topic, engine: second, fromMs: halfway, toMs: undefined },
    ],
    commits: acked.map(({ atMs, offset }) => ({ partition: 0, atMs: atMs + 500, nextToRead: offset + 1n })),
    ...{ committed: new Map([[0, 10n]]), logEnds: new Map([[0, 10n]]) },
  };
}

function violationsOf(spoil: (history: ReturnType<typeof goodHistory>) => unknown): string {
  const history = goodHistory();
  const changes = spoil(history);
  return check({ ...history, ...(typeof changes === 'object' ? changes : {}) }, bound).violations.join('\n');
}

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index];
  assert.ok(item !== undefined);
  return item;
};

describe('the checker of a chaos run', () => {
  it('has nothing to say of a run in which all is well', () => {
    const verdict = check(goodHistory(), bound);
    assert.deepEqual(verdict.violations, []);
    assert.deepEqual([verdict.deliveredCount, verdict.repeatCount, verdict.lostCount], [10, 0, 0]);
  });

  it('sees an alarm that was acknowledged and told to nobody', () => {
    assert.match(
      violationsOf(({ receipts }) => receipts.splice(3, 1)),
      /1 acknowledged and neither.*alarm 3/,
    );
  });

  it('takes a parked alarm as kept', () => {
    const spoilt = (history: ReturnType<typeof goodHistory>) => {
      const [gone] = history.receipts.splice(3, 1);
      return { parkedIds: new Set([gone?.id ?? '']) };
    };
    assert.equal(violationsOf(spoilt), '');
  });

  it('takes what waits for a retry as durable, and knows that it comes after what came meanwhile', () => {
    const spoilt = (history: ReturnType<typeof goodHistory>) => {
      const late = at(history.receipts, 3);
      history.receipts.splice(3, 1, { ...late, atMs: 9_500, engine: second, pid: 201 });
      return { retriedIds: new Set([late.id]) };
    };
    assert.equal(violationsOf(spoilt), '');
    assert.match(
      violationsOf((history) => ({ ...spoilt(history), retriedIds: new Set() })),
      /out of order: alarm 5 of a1/,
    );
  });

  it('sees a repeat that carries another identity', () => {
    const text = violationsOf(({ receipts, strikes }) => {
      strikes.push({ kind: 'kill engine', target: 'engine 1', atMs: 0, untilMs: 0 });
      receipts.push({ ...at(receipts, 9), id: 'another', atMs: 9_900 });
    });
    assert.match(text, /1 received under an identity that is not theirs: alarm 9 as another/);
  });

  it('sees a repeat that no fault explains, and more repeats than the faults explain', () => {
    const again = ({ receipts }: ReturnType<typeof goodHistory>) =>
      void receipts.push({ ...at(receipts, 9), atMs: 9_900 });
    assert.match(violationsOf(again), /1 repeats, where 0 have a cause/);
    const oneSender = (history: ReturnType<typeof goodHistory>, count: number) => {
      const strike = {
        kind: 'kill process',
        target: 'x',
        atMs: 9_500,
        untilMs: 9_500,
        stage: 'notification_processor',
      } as const;
      history.strikes.push(strike);
      for (let index = 0; index < count; index += 1) again(history);
    };
    assert.equal(
      violationsOf((history) => oneSender(history, 10)),
      '',
    );
    assert.match(
      violationsOf((history) => oneSender(history, 11)),
      /11 repeats, where 10 have a cause/,
    );
  });

  it('sees a send of an engine that had lost the lock to another', () => {
    const text = violationsOf(({ receipts }) => {
      receipts[7] = { ...at(receipts, 7), engine: first, pid: 101 };
    });
    assert.match(text, /1 received from an engine that no longer held the lock: alarm 7/);
  });

  it('sees the same where the lock of the partition is what counts', () => {
    const text = violationsOf(({ holdings }) => {
      for (const [index, holding] of holdings.entries()) holdings[index] = { ...holding, lock: `${topic}/0` };
      holdings.pop();
      holdings.push({ lock: `${topic}/0`, engine: 300, fromMs: halfway, toMs: undefined });
    });
    assert.match(text, /5 received from an engine that no longer held the lock/);
  });

  it('counts apart what a frozen sender had ready', () => {
    const history = goodHistory();
    history.receipts[7] = { ...at(history.receipts, 7), engine: first, pid: 101 };
    history.strikes.push({ kind: 'freeze process', target: 'x', atMs: 4_000, untilMs: 7_000, pid: 101 });
    const { violations, excusedCount } = check(history, bound);
    assert.deepEqual([violations, excusedCount], [[], 1]);
  });

  it('sees two holders of one lock', () => {
    const text = violationsOf(({ holdings }) => holdings.splice(0, 1, { ...at(holdings, 0), toMs: 6_000 }));
    assert.match(text, /1 two holders of one lock: alarms/);
  });

  it('sees the transitions of one alarm told in the wrong order', () => {
    const text = violationsOf(({ receipts }) => {
      receipts[6] = { ...at(receipts, 6), atMs: 3_990, engine: first };
    });
    assert.match(text, /out of order: alarm 6 of a0/);
  });

  it('sees a position that was committed before the alarm below it was told', () => {
    const text = violationsOf(({ commits }) => commits.splice(4, 1, { ...at(commits, 4), nextToRead: 6n }));
    assert.match(text, /1 committed before it was told: alarm 5/);
  });

  it('sees a position that went back, and one that never came to the end', () => {
    const back = violationsOf(({ commits }) => commits.push({ partition: 0, atMs: 11_000, nextToRead: 3n }));
    assert.match(back, /partition 0 from 10 to 3/);
    assert.match(
      violationsOf(() => ({ committed: new Map([[0, 9n]]) })),
      /partition 0 at 9 of 10/,
    );
  });

  it('sees a receipt that no record speaks of', () => {
    const text = violationsOf(({ receipts }) => ({ recordedIds: new Set(receipts.slice(1).map(({ id }) => id)) }));
    assert.match(text, /1 received without a record on the notification topic: alarm 0/);
  });
});
