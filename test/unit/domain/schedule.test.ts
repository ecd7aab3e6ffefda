import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSchedule } from '../../../src/domain/schedule.js';

function dueAt(text: string, at: string): string {
  const schedule = parseSchedule(text);
  assert.ok(schedule !== undefined, text);
  return new Date(schedule.dueAtOrBefore(Date.parse(at))).toISOString().replace('.000Z', 'Z');
}

describe('a schedule', () => {
  const cases: readonly (readonly [schedule: string, at: string, due: string])[] = [
    ['08:00', '2026-03-10T07:59:59Z', '2026-03-09T08:00:00Z'],
    ['08:00', '2026-03-10T08:00:00Z', '2026-03-10T08:00:00Z'],
    ['08:00,17:30', '2026-03-10T23:00:00Z', '2026-03-10T17:30:00Z'],
    ['08:00 mon-fri', '2026-03-08T12:00:00Z', '2026-03-06T08:00:00Z'],
    ['08:00 sat-mon', '2026-03-11T12:00:00Z', '2026-03-09T08:00:00Z'],
    ['08:00 tue,thu', '2026-03-11T12:00:00Z', '2026-03-10T08:00:00Z'],
    ['08:00,17:30 mon-fri Europe/Athens', '2026-01-07T06:00:00Z', '2026-01-07T06:00:00Z'],
    ['08:00,17:30 mon-fri Europe/Athens', '2026-01-07T05:59:59Z', '2026-01-06T15:30:00Z'],
    ['00:30 Pacific/Auckland', '2026-01-07T12:00:00Z', '2026-01-07T11:30:00Z'],
    ['08:00 Europe/Athens', '2026-01-07T06:00:00Z', '2026-01-07T06:00:00Z'],
    ['every 4h', '2026-03-10T11:59:59Z', '2026-03-10T08:00:00Z'],
    ['every 7h', '2026-03-10T00:30:00Z', '2026-03-10T00:00:00Z'],
    ['every 15m', '2026-03-10T11:59:59Z', '2026-03-10T11:45:00Z'],
    ['every 24h', '2026-03-10T11:59:59Z', '2026-03-10T00:00:00Z'],
    // Clocks of Athens jump from 03:00 to 04:00 on 2026-03-29, and go back from 04:00 to 03:00 on 2026-10-25.
    ['03:30 Europe/Athens', '2026-03-29T00:59:59Z', '2026-03-28T01:30:00Z'],
    ['03:30 Europe/Athens', '2026-03-29T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['03:30 Europe/Athens', '2026-10-25T00:29:59Z', '2026-10-24T00:30:00Z'],
    ['03:30 Europe/Athens', '2026-10-25T00:30:00Z', '2026-10-25T00:30:00Z'],
    ['03:30 Europe/Athens', '2026-10-25T12:00:00Z', '2026-10-25T00:30:00Z'],
  ];
  for (const [text, at, due] of cases) {
    it(`${text} was last due at ${due}, seen from ${at}`, () => {
      assert.equal(dueAt(text, at), due);
    });
  }

  for (const text of [
    '',
    '8',
    '25:00',
    '08:60',
    '08:00 noday',
    '08:00 mon-fri Nowhere/Atall',
    'every',
    'every 0h',
    'every 5d',
    'every 4h UTC',
    '08:00 mon UTC more',
    '08:00 +03:00',
  ]) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.equal(parseSchedule(text), undefined);
    });
  }
});
