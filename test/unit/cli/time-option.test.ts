import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandArguments, UsageError } from '../../../src/cli/command.js';
import { timeOption, timeText } from '../../../src/cli/time-option.js';

const nowMs = Date.parse('2026-03-10T12:00:00Z');
const args = (text: string | undefined): CommandArguments => ({
  ...{ has: () => text !== undefined, text: () => text, texts: () => [], positionals: [] },
});
const read = (text: string | undefined) => timeOption(args(text), 'since', nowMs);

test('a time is so long ago, or a date, with or without a time of the day', () => {
  assert.equal(read(undefined), undefined);
  for (const [text, expected] of [
    ['90s', '2026-03-10T11:58:30.000Z'],
    ['1.5h', '2026-03-10T10:30:00.000Z'],
    ['7d', '2026-03-03T12:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T12:30', '2026-03-01T12:30:00.000Z'],
    ['2026-03-01 12:30:15Z', '2026-03-01T12:30:15.000Z'],
    ['2026-03-01T12:30:15+02:00', '2026-03-01T10:30:15.000Z'],
  ] as const) {
    assert.equal(new Date(read(text) ?? 0).toISOString(), expected, text);
  }
  assert.equal(read('999999999d'), 0);
});

test('anything else is refused, with what was expected', () => {
  for (const text of ['', 'yesterday', '5', '-1h', '2026-13-01', '2026-03-01T25:00', '1h ago', '12:00']) {
    assert.throws(
      () => read(text),
      (error) => error instanceof UsageError && /--since: expected a time/.test(error.message),
    );
  }
});

test('an instant is shown in UTC, to the second, whatever it is', () => {
  assert.equal(timeText(nowMs + 999), '2026-03-10T12:00:00Z');
  assert.equal(timeText(Number.NaN), 'at no time');
});
