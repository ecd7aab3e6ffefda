import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Script, Step } from '../../../../src/producers/fake-alerts/script.js';
import { alertExecBench, MemoryKafka, steps } from '../../../support/alert-exec-bench.js';

interface Case {
  readonly what: string;
  readonly values: readonly (number | Step)[];
  readonly notify?: readonly number[];
  readonly resolve?: readonly number[];
  readonly seconds: number;
  /** `warning @0`, in seconds; a resolve is `resolve @15`. */
  readonly expected: readonly string[];
}

const five00: Step = { status: 500 };

/** Interval 15, repeat 100, thresholds 100 and 200; the fake clock; three attempts. */
const cases: readonly Case[] = [
  { what: 'A-1: a value equal to warn is PASS', values: [100, 100], seconds: 60, expected: [] },
  { what: 'A-2: a value just above warn is WARN', values: [100.0001], seconds: 60, expected: ['warning @0'] },
  { what: 'A-3: a value equal to critical is WARN', values: [200], seconds: 60, expected: ['warning @0'] },
  { what: 'A-4: from PASS to CRITICAL without a warning', values: [200.0001], seconds: 60, expected: ['critical @0'] },
  {
    what: 'A-5: repeated by the look after the interval',
    values: [150],
    seconds: 106,
    expected: ['warning @0', 'warning @105'],
  },
  { what: 'A-6: an escalation at once', values: [150, 250], seconds: 60, expected: ['warning @0', 'critical @15'] },
  { what: 'A-7: a downgrade at once', values: [250, 150], seconds: 60, expected: ['critical @0', 'warning @15'] },
  {
    what: 'A-8: a change is not held back by the timer of an earlier state',
    values: [250, 150, 250],
    seconds: 60,
    expected: ['critical @0', 'warning @15', 'critical @30'],
  },
  { what: 'A-9: the end once', values: [150, 50, 50], seconds: 60, expected: ['warning @0', 'resolve @15'] },
  { what: 'A-10: no resolve at the start', values: [50], seconds: 60, expected: [] },
  { what: 'A-11: zero is a value', values: [150, 0], seconds: 60, expected: ['warning @0', 'resolve @15'] },
  { what: 'A-12: two failed queries', values: [five00, five00, 150], seconds: 20, expected: ['warning @0.35'] },
  {
    what: 'A-13: a failed evaluation changes nothing',
    values: [150, five00, five00, five00, 150],
    seconds: 60,
    expected: ['warning @0'],
  },
  {
    what: 'A-14: a refused notify, and the window counts from the accepted one',
    values: [150],
    notify: [500],
    seconds: 121,
    expected: ['warning @0.1', 'warning @105'],
  },
  {
    what: 'A-15: a notify that fails a whole cycle is sent by the next look',
    values: [150],
    notify: [500, 500, 500, 500, 500],
    seconds: 60,
    expected: ['warning @14.35'],
  },
  {
    what: 'A-16: a resolve that fails ten times',
    values: [150, 50],
    resolve: Array(10).fill(500),
    seconds: 300,
    expected: ['warning @0', 'resolve @90'],
  },
  {
    what: 'A-17: what waits is replaced by what is newer',
    values: [150, 250],
    notify: [500, 500, 500, 500, 500, 500, 500],
    seconds: 60,
    expected: ['critical @15.1'],
  },
  {
    what: 'A-18: no end of what was never told',
    values: [150, 50],
    notify: Array(20).fill(500),
    seconds: 200,
    expected: [],
  },
];

function scriptOf({ values, notify = [], resolve = [] }: Case): Partial<Script> {
  const status = (code: number): Step => ({ status: code });
  return { steps: steps(...values), notify: notify.map(status), resolve: resolve.map(status) };
}

describe('the state rules, told to the alerts server', () => {
  for (const one of cases) {
    it(one.what, async () => {
      const { clock, calls, stop, ended, fake } = await alertExecBench({ script: scriptOf(one) });
      await clock.advance(one.seconds * 1_000);
      assert.deepEqual(
        calls().map((call) => call.replace('notify ', '')),
        one.expected,
      );
      assert.deepEqual(
        fake.report().failures.filter((failure) => !failure.includes('missing')),
        [],
      );
      stop.abort();
      await clock.advance(10_000);
      assert.equal(await ended, 'stopped');
      assert.equal(clock.waitingCount, 0);
    });
  }
});

describe('the state rules, told by events', () => {
  for (const one of cases) {
    it(one.what, async () => {
      const kafka = new MemoryKafka();
      const { resolve = [], notify = [] } = one;
      const told = [...notify.map(() => 'refused' as const)];
      kafka.answers = resolve.length > 0 ? ['accepted', ...resolve.map(() => 'refused' as const)] : told;
      const { clock } = await alertExecBench({ script: { steps: scriptOf(one).steps ?? {} }, kafka });
      const startedAtMs = clock.nowMs();
      await clock.advance(one.seconds * 1_000);
      const events = kafka.events.map(({ status, fields }) => {
        const word = status === 'OK' ? 'resolve' : String(fields.stateChangeReason);
        return `${word} @${(Number(fields.timestamp) - startedAtMs) / 1_000}`;
      });
      assert.deepEqual(
        events.map((event) => event.split(' @')[0]),
        one.expected.map((call) => call.split(' @')[0]),
      );
      assert.equal(new Set(kafka.events.map(({ fields }) => fields.eventId)).size, kafka.events.length);
    });
  }
});
