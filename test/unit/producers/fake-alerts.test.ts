import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeAlerts } from '../../../src/producers/fake-alerts/fake-alerts.js';
import { parseScript, plainScript, sampleAlerts, usableAlerts } from '../../../src/producers/fake-alerts/script.js';
import { Validator } from '../../../src/producers/fake-alerts/validator.js';
import { verdictLines } from '../../../src/producers/fake-alerts/verdict-lines.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

const [alert] = usableAlerts(plainScript(sampleAlerts(1, 15, 100)));
assert.ok(alert !== undefined);
const name = 'alert-1';

/** What a validator says of these calls, times in seconds. */
function verdict(play: (judge: Validator) => void, endSeconds: number): readonly string[] {
  const judge = new Validator(alert === undefined ? [] : [alert]);
  play(judge);
  return judge.report(endSeconds * 1_000).failures.map((line) => line.replace(/^[\d.]+ s alert-1: /, ''));
}

const served = (judge: Validator, value: number, ...seconds: readonly number[]) => {
  for (const at of seconds) judge.served(name, value, at * 1_000);
};

describe('the validator', () => {
  it('finds nothing wrong with a client that does as it should', () => {
    const clean = verdict((judge) => {
      served(judge, 150, 0);
      judge.notified(name, 'warning', 10);
      served(judge, 150, 15, 30, 45, 60, 75, 90, 105);
      judge.notified(name, 'warning', 105_010);
      served(judge, 250, 120);
      judge.notified(name, 'critical', 120_010);
      served(judge, 50, 135);
      judge.resolved(name, 135_010);
      served(judge, 50, 150, 165);
    }, 180);
    assert.deepEqual(clean, []);
  });

  const faults: readonly (readonly [what: string, play: (judge: Validator) => void, end: number, failure: RegExp])[] = [
    [
      'a wrong message for the state',
      (judge) => {
        served(judge, 150, 0);
        judge.notified(name, 'critical', 10);
      },
      20,
      /^wrong message "critical" for WARNING$/,
    ],
    ['a missing notify', (judge) => served(judge, 150, 0, 15, 30, 45), 50, /^missing notify for OK to WARNING$/],
    [
      'a repeat that is early',
      (judge) => {
        served(judge, 150, 0);
        judge.notified(name, 'warning', 10);
        served(judge, 150, 90);
        judge.notified(name, 'warning', 90_000);
      },
      91,
      /^surplus notify: repeated after 89990 ms$/,
    ],
    [
      'a missing repeat',
      (judge) => {
        served(judge, 150, 0);
        judge.notified(name, 'warning', 10);
        served(judge, 150, 15, 60, 105, 118);
      },
      118,
      /^missing repeat of WARNING/,
    ],
    [
      'a notify in PASS',
      (judge) => {
        served(judge, 50, 0);
        judge.notified(name, 'warning', 5_000);
      },
      6,
      /^surplus notify "warning": the state is PASS$/,
    ],
    [
      'a missing resolve',
      (judge) => {
        served(judge, 150, 0);
        judge.notified(name, 'warning', 10);
        served(judge, 50, 15, 30, 45, 60);
      },
      61,
      /^missing resolve for WARNING to OK$/,
    ],
    [
      'a duplicate resolve',
      (judge) => {
        served(judge, 150, 0);
        judge.notified(name, 'warning', 10);
        served(judge, 50, 15);
        judge.resolved(name, 15_010);
        judge.resolved(name, 15_020);
      },
      16,
      /^duplicate resolve$/,
    ],
    ['a resolve without a notify', (judge) => judge.resolved(name, 5_000), 6, /^resolve without a notify$/],
    [
      'a resolve while it fires',
      (judge) => {
        served(judge, 150, 0);
        judge.notified(name, 'warning', 10);
        served(judge, 150, 15);
        judge.resolved(name, 20_000);
      },
      21,
      /^surplus resolve: the state is WARNING$/,
    ],
    ['an unknown alert', (judge) => judge.notified('other', 'warning', 10), 1, /other: notify for an unknown alert$/],
  ];
  for (const [what, play, end, failure] of faults) {
    it(`reports ${what}, once`, () => {
      const failures = verdict(play, end);
      assert.equal(failures.length, 1, failures.join('\n'));
      assert.match(failures[0] ?? '', failure);
    });
  }
});

describe('the fake alerts server', () => {
  const fakeWith = (random: number, faults: number) =>
    new FakeAlerts({ script: plainScript(sampleAlerts(5, 1, 5)), faults, random, clock: new FakeClock() });
  const answers = (fake: FakeAlerts) =>
    Array.from({ length: 200 }, (_, n) => {
      const { status, body } = fake.answer('GET', `/query?target=test-query-${1 + (n % 5)}`, '');
      return `${status} ${body}`;
    });

  it('gives the same values and faults for the same number', () => {
    assert.deepEqual(answers(fakeWith(3, 0.1)), answers(fakeWith(3, 0.1)));
    assert.notDeepEqual(answers(fakeWith(3, 0.1)), answers(fakeWith(4, 0.1)));
    const share = answers(fakeWith(3, 0.1)).filter((answer) => answer.startsWith('500')).length / 200;
    assert.ok(share > 0.03 && share < 0.2);
  });

  it('gives the same values whatever fails in between', () => {
    const good = (faults: number) => answers(fakeWith(3, faults)).filter((answer) => answer.startsWith('200'));
    const some = new Set(good(0.2));
    for (const value of some) assert.ok(good(0).includes(value));
  });

  it('refuses what it does not understand', () => {
    const fake = fakeWith(1, 0);
    const status = (method: string, path: string, body = '') => fake.answer(method, path, body).status;
    assert.equal(status('GET', '/other'), 404);
    assert.equal(status('POST', '/alerts'), 404);
    assert.equal(status('GET', '/query?target=nobody'), 404);
    for (const body of ['', '{}', '[]', '{"alertName":3,"message":"x"}', '{"alertName":"alert-1"}']) {
      assert.equal(status('POST', '/notify', body), 400);
    }
    assert.deepEqual(verdictLines(fake, fake.report()), [
      '0 failures: 0 values served, 0 calls accepted, 0 of 8 calls failed on purpose',
    ]);
  });
});

describe('a script', () => {
  it('has alerts with their values, more of one kind, and answers', () => {
    const script = parseScript(
      '{"alerts":[{"name":"a","query":"q","values":[1,{"status":500},{"value":2,"delayMs":5},{"hang":"before"},{"body":"x"}]}],' +
        '"generate":{"count":2},"list":[500],"notify":[{"status":500}],"resolve":[]}',
    );
    assert.deepEqual(script.steps.q, [
      { value: 1 },
      { status: 500 },
      { value: 2, delayMs: 5 },
      { hang: 'before' },
      { body: 'x' },
    ]);
    assert.equal(script.alerts.length, 3);
    assert.deepEqual([script.list, script.notify], [[{ status: 500 }], [{ status: 500 }]]);
  });

  const wrong: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /^the script: expected JSON$/],
    ['[]', /^the script: expected an object$/],
    ['{"alarms":[]}', /^alarms: expected one of alerts, generate/],
    ['{"alerts":{}}', /^alerts: expected a list$/],
    ['{"alerts":[3]}', /^alerts\[0\]: expected an object$/],
    ['{"alerts":[{"values":[1]}]}', /^alerts\[0\]\.query: expected a text$/],
    ['{"alerts":[{"query":"q","values":["x"]}]}', /^alerts\[0\]\.values\[0\]: expected an object$/],
    ['{"alerts":[{"query":"q","values":[{"valeu":1}]}]}', /^alerts\[0\]\.values\[0\]\.valeu: expected one of value/],
    ['{"notify":[{"status":99}]}', /^notify\[0\]\.status: expected a number from 100 to 599$/],
    ['{"notify":[{"body":1}]}', /^notify\[0\]\.body: expected a text$/],
    ['{"notify":[{"hang":"now"}]}', /^notify\[0\]\.hang: expected before or after$/],
    ['{"generate":{"count":0}}', /^generate\.count: expected a number above 0$/],
    ['{"generate":{"count":1.5}}', /^generate\.count: expected a whole number/],
  ];
  for (const [text, message] of wrong) {
    it(`is refused: ${text || 'nothing'}`, () => {
      assert.throws(() => parseScript(text), { code: 'CONFIG_INVALID', message });
    });
  }
});
