import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, retryAfterMs } from '../../../src/notifiers/http-status.js';

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);

test('Retry-After is read as seconds or as an HTTP date, and held to an hour', () => {
  for (const [header, expected] of [
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    [' 90 ', 90_000],
    ['3601', 3_600_000],
    ['9'.repeat(30), 3_600_000],
    ['9'.repeat(1e6), undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['Sat, 21 Nov 2026 12:02:00 GMT', 120_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['Saturday, 21-Nov-26 12:02:00 GMT', 120_000],
    ['Sat Nov 21 12:02:00 2026', 120_000],
    ['Sat Nov  7 12:02:00 2026', 0],
    ['Sun, 22 Nov 2026 12:00:00 GMT', 3_600_000],
    ['Sat, 99 Xxx 2026 12:02:00 GMT', undefined],
    ['2026-11-21', undefined],
    ['tomorrow', undefined],
  ] as const) {
    assert.equal(retryAfterMs(header, nowMs), expected, header?.slice(0, 40));
  }
});

test('a refusal repeats nothing that the receiver wrote', () => {
  const error = refusal('receiver.example', { status: 418, body: 'secret', retryAfterMs: undefined });
  assert.deepEqual(
    [error.message, error.wire, error.failure, error.retriable],
    [
      "POST to receiver.example was answered HTTP 418 I'm a Teapot: check the method’s address",
      "HTTP 418 I'm a Teapot",
      'rejected',
      false,
    ],
  );
});
