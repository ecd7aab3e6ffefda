import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Availability, percentOf } from '../../../../src/producers/endpoint-monitor/availability.js';
import { type CheckResult, type Grade, gradeOf } from '../../../../src/producers/endpoint-monitor/check-result.js';
import { checkLimitMs, planCycle } from '../../../../src/producers/endpoint-monitor/cycle-plan.js';
import { HostLookups, type ResolveHost } from '../../../../src/producers/endpoint-monitor/host-lookups.js';
import { ProgressLine, progressText } from '../../../../src/producers/endpoint-monitor/progress-line.js';
import { reportBlock } from '../../../../src/producers/endpoint-monitor/report.js';
import { Streaks } from '../../../../src/producers/endpoint-monitor/streaks.js';
import { endpointOf, endpointsOf } from '../../../support/endpoints.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';

const endpoint = endpointOf({});
const resultOf = (grade: Grade, of = endpoint): CheckResult => {
  return { endpoint: of, grade, latencyMs: 1, status: 200, cause: undefined, detail: undefined };
};

describe('the grade of an answer', () => {
  const usual = { thresholdMs: 500, isExclusive: false };

  it('is up for 200 to 299 only', () => {
    const up = [199, 200, 204, 299, 300, 404, 500].filter((status) => gradeOf(status, 10, usual) === 'up');
    assert.deepEqual(up, [200, 204, 299]);
  });

  it('is decided by the measured time: 500 ms is up, with --exclusive it is not', () => {
    const grades = (rules: typeof usual) => [499, 499.999, 500, 500.001, 501].map((ms) => gradeOf(200, ms, rules));
    assert.deepEqual(grades(usual), ['up', 'up', 'up', 'degraded', 'degraded']);
    assert.deepEqual(grades({ ...usual, isExclusive: true }), ['up', 'up', 'degraded', 'degraded', 'degraded']);
  });

  it('is down for a slow answer that is no success', () => assert.equal(gradeOf(503, 9_000, usual), 'down'));
});

describe('the percentage', () => {
  const cases: readonly (readonly [up: number, total: number, truncated: number, rounded: number])[] = [
    [29, 100, 29, 29],
    [29, 50, 58, 58],
    [57, 100, 57, 57],
    [58, 100, 58, 58],
    [87, 150, 58, 58],
    [1, 3, 33, 33],
    [2, 3, 66, 67],
    [1, 2, 50, 50],
    [1, 200, 0, 1],
    [199, 200, 99, 100],
    [0, 1, 0, 0],
    [7, 7, 100, 100],
  ];
  for (const [up, total, truncated, rounded] of cases) {
    it(`of ${up} in ${total} is ${truncated}, rounded ${rounded}`, () => {
      assert.deepEqual([percentOf(up, total, 'truncate'), percentOf(up, total, 'round')], [truncated, rounded]);
    });
  }

  it('is exact for every share of up to 400', () => {
    for (let total = 1; total <= 400; total += 1) {
      for (let up = 0; up <= total; up += 1) {
        assert.equal(percentOf(up, total, 'truncate'), Number((100n * BigInt(up)) / BigInt(total)));
      }
    }
  });
});

describe('the report', () => {
  it('leaves out domains without a result, and counts endpoints of one name apart', () => {
    const all = endpointsOf({ name: 'same' }, { name: 'same' }, { name: 'c', url: 'http://other.example' });
    const availability = new Availability(all);
    availability.count(resultOf('up', all[0]));
    availability.count(resultOf('down', all[1]));
    availability.count(resultOf('degraded', all[1]));
    assert.deepEqual(reportBlock(availability, { percent: 'round', hasDetails: true }), [
      'fetch.com has 33% availability percentage',
      'same: 100.00% up, 0.00% degraded, 0.00% down',
      'same: 0.00% up, 50.00% degraded, 50.00% down',
      '---',
    ]);
  });

  it('keeps a name on its line', () => {
    const [one] = endpointsOf({ name: 'a\n---\u001b[2J' });
    const availability = new Availability([one]);
    availability.count(resultOf('up', one));
    assert.match(reportBlock(availability, { percent: 'round', hasDetails: true })[1] ?? '', /^a --- \[2J: 100/);
  });
});

describe('the plan of a cycle', () => {
  it('gives a check a second less than the cycle, 0.8 s of one second', () => {
    assert.deepEqual([15_000, 2_000, 1_000].map(checkLimitMs), [14_000, 1_000, 800]);
  });

  it('starts 500 in a second while they fit into half of what the limit leaves free', () => {
    assert.equal(planCycle(1, 15_000, 500).spacingMs, 2);
    assert.equal(planCycle(250, 15_000, 500).spacingMs, 2);
    assert.ok(planCycle(500, 15_000, 500).spacingMs < 2);
  });

  for (const count of [1, 250, 5_000, 10_000, 100_000]) {
    for (const [everyMs, thresholdMs] of [
      [1_000, 500],
      [1_000, 799],
      [2_000, 900],
      [15_000, 500],
      [15_000, 13_999],
    ] as const) {
      it(`ends ${count} checks of ${everyMs} ms in time, none with less than it needs, threshold ${thresholdMs}`, () => {
        const { spacingMs, limitMs, endMs, latestMs } = planCycle(count, everyMs, thresholdMs);
        const lastMs = (count - 1) * spacingMs;
        assert.ok(lastMs <= latestMs && latestMs <= everyMs / 2 && endMs < everyMs);
        assert.ok(Math.min(limitMs, endMs - lastMs) > thresholdMs, `${endMs - lastMs} ms are left`);
      });
    }
  }

  it('starts 5,000 no faster than a core hears of their answers', () => {
    assert.ok(1_000 / planCycle(5_000, 15_000, 500).spacingMs <= 1_000);
  });
});

describe('a row of equal results', () => {
  it('is needed before a state counts', () => {
    const streaks = new Streaks(3);
    const grades: readonly Grade[] = ['up', 'up', 'up', 'up', 'down', 'down', 'up', 'down', 'down', 'down', 'degraded'];
    assert.deepEqual(
      grades.map((grade) => (streaks.isConfirmed(resultOf(grade)) ? 'yes' : 'no')).join(' '),
      'no no yes yes no no no no no yes no',
    );
  });
});

describe('lookups of hosts', () => {
  it('ask once for a host at a time, few at once, and tell what was waited for us', async () => {
    const clock = new FakeClock();
    const asked: string[] = [];
    const answers: Parameters<ResolveHost>[1][] = [];
    const lookups = new HostLookups(
      (host, answer) => {
        asked.push(host);
        answers.push(answer);
      },
      clock,
      1,
    );
    const told: (readonly [string, number])[] = [];
    const find = (host: string) => lookups.find(host, (waitedMs) => told.push([host, waitedMs]));
    find('a');
    find('a');
    find('b');
    await clock.advance(100);
    find('b');
    assert.deepEqual(asked, ['a']);
    answers[0]?.(null, [{ address: '127.0.0.1', family: 4 }]);
    await clock.advance(50);
    assert.deepEqual(asked, ['a', 'b']);
    answers[1]?.(null, []);
    assert.deepEqual(told, [
      ['a', 0],
      ['a', 0],
      ['b', 100],
      ['b', 0],
    ]);
    find('a');
    await clock.advance(1);
    assert.deepEqual(asked, ['a', 'b', 'a']);
  });
});

describe('the line of progress', () => {
  const progress = { cycle: 2, doneCount: 3, degradedCount: 1, downCount: 0, inFlightCount: 7, nextAtMonoMs: 9_100 };

  it('says how far the cycle is, within the width of the terminal', () => {
    const text = progressText(progress, 10, 1_000, 200);
    assert.equal(text, 'cycle 2: 3 of 10 checked, 1 degraded, 0 down; next in 9 s');
    assert.equal(progressText(progress, 10, 1_000, 20).length, 19);
  });

  it('is drawn when it changes, and gone before anything is printed', () => {
    const written: string[] = [];
    const line = new ProgressLine((text) => written.push(text));
    line.erase();
    line.draw('one');
    line.draw('one');
    line.erase();
    line.erase();
    assert.deepEqual(written, ['\r\u001b[Kone', '\r\u001b[K']);
  });
});
