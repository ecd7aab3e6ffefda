import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAlertList, parseQueryAnswer, statusOf } from '../../../../src/producers/alert-exec/alert.js';
import { alertObject } from '../../../support/alert-exec-bench.js';
import { fuzzTexts } from '../../../support/fuzz-texts.js';

const list = (...objects: readonly unknown[]) => parseAlertList(JSON.stringify(objects));

describe('the list of alerts', () => {
  it('is read with decimals, in milliseconds', () => {
    const object = alertObject({ intervalSecs: 0.25, repeatIntervalSecs: 1.1, warn: { value: -0.5, message: '' } });
    assert.deepEqual(list(object)?.alerts, [
      {
        name: 'alert-1',
        query: 'q',
        intervalMs: 250,
        repeatMs: 1_100,
        warn: { value: -0.5, message: '' },
        critical: { value: 200, message: 'critical' },
        sustainMs: 0,
      },
    ]);
  });

  const unusable: readonly (readonly [what: string, value: unknown, problem: RegExp])[] = [
    ['text', 'alert', /alert number 1: skipped, expected an object/],
    ['null', null, /expected an object/],
    ['a list', [], /expected an object/],
    ['no name', alertObject({ name: undefined }), /alert number 1: skipped, name/],
    ['an empty name', alertObject({ name: '' }), /name/],
    ['a number as name', alertObject({ name: 3 }), /name/],
    ['no query', alertObject({ query: undefined }), /alert alert-1: skipped, query/],
    ['interval 0', alertObject({ intervalSecs: 0 }), /intervalSecs/],
    ['a negative interval', alertObject({ intervalSecs: -1 }), /intervalSecs/],
    ['a text as interval', alertObject({ intervalSecs: '15' }), /intervalSecs/],
    ['no warn', alertObject({ warn: undefined }), /warn/],
    ['a threshold without message', alertObject({ warn: { value: 1 } }), /warn/],
    ['a text as threshold', alertObject({ critical: { value: '200', message: 'c' } }), /critical/],
  ];
  for (const [what, value, problem] of unusable) {
    it(`leaves out ${what}, with one warning, and keeps the rest`, () => {
      const read = list(value, alertObject({ name: 'good' }));
      assert.deepEqual(
        read?.alerts.map(({ name }) => name),
        ['good'],
      );
      assert.equal(read?.skippedCount, 1);
      assert.equal(read?.problems.length, 1);
      assert.match(read?.problems[0] ?? '', problem);
    });
  }

  it('keeps the first of two with one name', () => {
    const read = list(alertObject({ query: 'first' }), alertObject({ query: 'second' }));
    assert.deepEqual([read?.alerts[0]?.query, read?.alerts.length, read?.skippedCount], ['first', 1, 1]);
  });

  it('is warned about once where warn is above critical, and where the repeat interval is no duration', () => {
    const strange = alertObject({ warn: { value: 300, message: 'w' }, repeatIntervalSecs: '100' });
    const read = list(strange);
    assert.equal(read?.alerts[0]?.repeatMs, 300_000);
    assert.equal(read?.problems.length, 2);
    assert.deepEqual(list(alertObject({ repeatIntervalSecs: null }))?.problems, []);
  });

  it('is none when it is no JSON array', () => {
    for (const text of ['', '{}', 'null', '"x"', '{"alerts":[]}', '[', '3'])
      assert.equal(parseAlertList(text), undefined);
  });

  it('takes any text without a fall: 100,000 of them', () => {
    const seed = JSON.stringify([alertObject(), alertObject({ name: 'b', sustainSecs: 3 })]);
    let readCount = 0;
    for (const text of fuzzTexts(seed, 100_000, 1)) {
      const read = parseAlertList(text);
      if (read === undefined) continue;
      readCount += 1;
      assert.ok(read.skippedCount <= read.problems.length);
      for (const alert of read.alerts) {
        assert.ok(alert.name !== '' && alert.query !== '' && alert.intervalMs >= 1 && alert.repeatMs >= 1, text);
        assert.ok(Number.isFinite(alert.warn.value) && Number.isFinite(alert.critical.value), text);
      }
    }
    assert.ok(readCount > 1_000, `only ${readCount} were lists`);
  });
});

describe('the answer to a query', () => {
  it('is a finite number under value, and nothing else', () => {
    assert.deepEqual(
      ['{"value":179.26082}', '{"value":0}', '{"value":-1e3,"x":1}'].map(parseQueryAnswer),
      [179.26082, 0, -1000],
    );
    const none = [
      '',
      '{}',
      '[]',
      'null',
      '3',
      '{"value":null}',
      '{"value":"3"}',
      '{"value":1e999}',
      '{"value":[1]}',
      '{"Value":3}',
    ];
    for (const text of none) assert.equal(parseQueryAnswer(text), undefined, text);
    assert.equal(parseQueryAnswer('{"__proto__":{"value":3}}'), undefined);
  });

  it('takes any text without a fall: 100,000 of them', () => {
    let goodCount = 0;
    for (const text of fuzzTexts('{"value": 179.26082}', 100_000, 2)) {
      const value = parseQueryAnswer(text);
      if (value === undefined) continue;
      goodCount += 1;
      assert.ok(Number.isFinite(value), text);
      assert.equal(JSON.parse(text).value, value);
    }
    assert.ok(goodCount > 1_000, `only ${goodCount} had a value`);
  });
});

describe('a status', () => {
  it('is strictly above its threshold, critical first', () => {
    const thresholds = { warn: { value: 300, message: '' }, critical: { value: 200, message: '' } };
    assert.deepEqual(
      [150, 200, 250, 350].map((value) => statusOf(thresholds, value)),
      ['OK', 'OK', 'CRITICAL', 'CRITICAL'],
    );
  });
});
