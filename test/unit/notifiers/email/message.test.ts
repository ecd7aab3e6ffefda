import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mailText } from '../../../../src/notifiers/email/message.js';
import { anAlarm } from '../../../support/notifications.js';
import { repoRoot } from '../../../support/repo.js';

interface GoldenCase {
  readonly name: string;
  readonly type: string;
  readonly options: { readonly grafana_url?: string };
  readonly metrics?: readonly unknown[];
  readonly expect: { readonly subject: string; readonly body: string };
}
const golden = JSON.parse(readFileSync(join(repoRoot(), 'test/data/golden-plugins.json'), 'utf8'));

function goldenAlarm(metrics: readonly unknown[]) {
  const { alarm } = golden;
  return anAlarm({
    alarmId: alarm.alarmId,
    alarmName: alarm.alarmName,
    alarmDescription: alarm.alarmDescription,
    stateChangeReason: alarm.stateChangeReason,
    severity: alarm.severity,
    link: alarm.link,
    lifecycleState: alarm.lifecycleState,
    changedAtMs: alarm.timestamp,
    metrics,
  });
}

/** What the ancestor wrote, with the differences of `ours_differs` made: all else is to be equal. */
function oursOf(text: string): string {
  return text
    .replace('thresholds were', 'Thresholds were')
    .replace('Alarm_id:', 'alarm_id:')
    .replace('With dimensions\n', 'With dimensions:\n')
    .replace(/^Link to Grafana: (.*)$/m, (_, link) => `Link to Grafana: ${link.replaceAll(' ', '%20')}`);
}

describe('the mail text of the final ancestor', () => {
  const cases: readonly GoldenCase[] = golden.cases;
  for (const { name, options, metrics, expect } of cases.filter(({ type }) => type === 'email')) {
    test(`${name} is kept, but for its named faults`, () => {
      const text = mailText(goldenAlarm(metrics ?? golden.alarm.metrics), options.grafana_url);
      assert.equal(text.subject, expect.subject.trimEnd());
      let body = oursOf(expect.body);
      if (name === 'email_no_host') {
        body = body.replace('On multiple hosts ', '').replace('\n\nWith dimensions:\n[\n  {\n\n  } \n]', '');
      }
      assert.equal(text.body, body);
    });
  }
});

describe('mail text', () => {
  test('10.4 single host: keeps what is not ASCII', () => {
    const host = 'foo1\u0928';
    const metrics = [{ name: 'cpu.percent', dimensions: { hostname: host, 'cl\u00e9': 'x' } }];
    const alarm = anAlarm({ alarmName: 'test Alarm\u0928', stateChangeReason: 'I am alarming!\u0928', metrics });
    const { subject, body } = mailText(alarm, undefined);
    assert.equal(subject, `ALARM LOW "test Alarm\u0928" for Host: ${host}`);
    assert.ok(body.startsWith(`On host "${host}" I am alarming!\u0928\n\nAlarm "test Alarm\u0928" transitioned`));
    assert.ok(body.includes(`    hostname: ${host},\n    cl\u00e9: x`));
  });

  test('10.4 target host: ends the subject', () => {
    const metrics = [{ name: 'cpu.percent', dimensions: { hostname: 'foo1', target_host: 'some_where' } }];
    assert.ok(mailText(anAlarm({ metrics }), undefined).subject.endsWith(' Target: some_where'));
  });

  test('10.4 multiple hosts: lists them all', () => {
    const metrics = ['1', '2'].map((n) => ({ name: 'm', dimensions: { hostname: `foo${n}`, service: `bar${n}` } }));
    const { subject, body } = mailText(anAlarm({ metrics }), undefined);
    assert.equal(subject, 'ALARM LOW "test Alarm"');
    for (const word of ['foo1', 'foo2', 'bar1', 'bar2']) assert.ok(body.includes(word));
  });

  test('10.4 link: spans ten minutes before and after', () => {
    const changedAtMs = Date.UTC(2017, 5, 7, 18);
    const { body } = mailText(anAlarm({ changedAtMs }), 'http://grafana');
    const query = `metric=cpu.percent&hostname=foo1&service=bar1&from=${changedAtMs - 600_000}&to=${changedAtMs + 600_000}`;
    assert.ok(body.includes(`Link to Grafana: http://grafana/dashboard/script/drilldown.js?${query}\n`));
  });

  test('an alarm of 2014 gets the subject of 2014, and no line without content', () => {
    const none = { severity: undefined, link: undefined, lifecycleState: undefined, metrics: [] };
    const text = mailText(anAlarm({ ...none, changedAtMs: Date.UTC(2014, 2, 2, 20, 20, 30) }), 'http://grafana');
    assert.deepEqual(text, {
      subject: 'ALARM: test Alarm',
      body:
        'I am alarming!\n\nAlarm "test Alarm" transitioned to the ALARM state at Sun Mar  2 20:20:30 2014 UTC\n' +
        'alarm_id: 20a54a65',
    });
  });

  test('F5: any metrics at all give a normal mail', () => {
    const odd = [
      null,
      1,
      'cpu_util',
      [],
      {},
      { name: 1 },
      { dimensions: null },
      { name: 'm', dimensions: { a: null, b: 1 } },
    ];
    for (const metric of odd) assert.ok(mailText(anAlarm({ metrics: [metric] }), 'http://g').body.includes('alarm_id'));
  });

  test('a mail says how many dimension sets did not fit', () => {
    const metrics = Array.from({ length: 5000 }, (_, at) => ({ name: 'm', dimensions: { disk: `${at}`.repeat(20) } }));
    const { body } = mailText(anAlarm({ metrics }), undefined);
    assert.ok(body.length < 100_000);
    assert.match(body, /\n\(\d+ more left out\)$/);
  });

  test('no control character, line break or broken pair reaches the subject, which stays short', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('a', '\r', '\n', '\0', '\u2028', '\ud800', '\udc00', '\u0085', ' ', '😀'),
      maxLength: 600,
    });
    fc.assert(
      fc.property(nasty, nasty, fc.option(nasty, { nil: undefined }), (alarmName, hostname, severity) => {
        const metrics = [{ name: alarmName, dimensions: { hostname, target_host: hostname } }];
        const { subject } = mailText(anAlarm({ alarmName, severity, metrics }), 'http://g');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        assert.doesNotMatch(subject, /[\0-\x1f\x7f-\x9f\u2028\u2029]|[\ud800-\udfff]/u);
        assert.ok([...subject].length <= 400);
      }),
      { numRuns: 2000 },
    );
  });
});
