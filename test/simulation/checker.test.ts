import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { plainOffset } from '../../src/engine/carry.js';
import { Checker, type Produced } from './checker.js';

const at = (offset: number) => ({ topic: 'alarms', partition: 0, offset: BigInt(offset) });
const idOf = (offset: number) => notificationId(at(offset), 'm');

/** Two transitions of one alarm, at 0 and 1, each to be told to one method. */
function setUp(): Checker {
  const checker = new Checker(10, { nowMs: () => 5, trace: () => undefined });
  let before: Produced | undefined;
  for (const offset of [0, 1]) {
    const flags = { isParked: false, isConvicted: false, isRemoved: false };
    before = {
      ...flags,
      position: at(offset),
      alarmId: 'a',
      kind: 'plain',
      methodIds: ['m'],
      before,
      recorded: new Set(),
    };
    checker.produced(before);
  }
  return checker;
}

function begin(checker: Checker, offset: number, changes: { leaseEndsAtMs?: number; otherHolder?: string } = {}): void {
  const send = { id: idOf(offset), position: at(offset), methodId: 'm', run: 'h1.1', worker: 'w', lock: 'lock-1' };
  checker.sendBegins({ ...send, leaseEndsAtMs: 9, otherHolder: undefined, ...changes });
}

function tell(checker: Checker, offset: number): void {
  begin(checker, offset);
  checker.repeats.received(checker.repeats.bytesOut(idOf(offset), 'h1.1/1', 'w'));
  checker.sendEnded(idOf(offset), true);
}

function settle(checker: Checker, offset: number): void {
  tell(checker, offset);
  checker.recorded(at(offset), 'm', 'sent', 'h1.1/1');
}

const planted: Readonly<Record<string, readonly [seenAs: RegExp, plant: (checker: Checker) => void]>> = {
  'a commit past an alarm that is not done': [
    /past an unfinished/,
    (checker) => checker.committed(at(0), plainOffset(1n)),
  ],
  'a finished set that lists what is not done': [
    /committed as finished/,
    (checker) => checker.committed(at(0), { nextToRead: 0n, finishedAbove: Uint8Array.of(0b10) }),
  ],
  'a committed position that goes back': [
    /went back/,
    (checker) => {
      settle(checker, 0);
      checker.committed(at(0), plainOffset(1n));
      checker.committed(at(0), plainOffset(0n));
    },
  ],
  'a repeat without a cause': [
    /repeated without a cause/,
    (checker) => {
      tell(checker, 0);
      tell(checker, 0);
    },
  ],
  'a send after the lease': [/after the lease/, (checker) => begin(checker, 0, { leaseEndsAtMs: 5 })],
  'a send while another leads': [/two holders/, (checker) => begin(checker, 0, { otherHolder: 'lock-2' })],
  'a send before the transition in front of it': [/overtakes/, (checker) => begin(checker, 1)],
  'a record of a send that nobody received': [
    /never received/,
    (checker) => checker.recorded(at(0), 'm', 'sent', 'h1.1/1'),
  ],
};

describe('the checker', () => {
  for (const [what, [seenAs, plant]] of Object.entries(planted)) {
    it(`sees ${what}`, () => {
      const checker = setUp();
      plant(checker);
      assert.match(checker.violations.join(), seenAs);
    });
  }

  it('names what is lost, and finds nothing when all is done and committed', () => {
    const checker = setUp();
    settle(checker, 0);
    checker.committed(at(0), plainOffset(1n));
    assert.match(checker.leftOver().join(), /not done: alarms\/0@1.*not committed/);
    settle(checker, 1);
    checker.committed(at(0), plainOffset(2n));
    assert.deepEqual([...checker.leftOver(), ...checker.violations], []);
  });

  it('lets a transition pass one that was put off unsent, once that is on record', () => {
    const checker = setUp();
    checker.recorded(at(0), 'm', 'retrying', 'h1.1/1');
    begin(checker, 1);
    assert.deepEqual(checker.violations, []);
  });

  it('allows one repeat for each loss of what was known', () => {
    const checker = setUp();
    tell(checker, 0);
    checker.repeats.termEnded('h1.1/1', (id) => checker.isCovered(id));
    const again = () => checker.repeats.received(checker.repeats.bytesOut(idOf(0), 'h2.1/1', 'v'));
    again();
    assert.deepEqual(checker.violations, []);
    again();
    assert.equal(checker.violations.length, 1);
  });

  it('lets the next transition go when one whose sender died was put off by another', () => {
    const checker = setUp();
    begin(checker, 0);
    checker.settled(idOf(0));
    begin(checker, 1);
    assert.deepEqual(checker.violations, []);
  });
});
