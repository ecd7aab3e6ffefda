import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseNatsServers } from '../../../src/domain/nats-servers.js';

describe('addresses of NATS', () => {
  it('are hosts with a scheme or without, one or several, and a login', () => {
    const login = { user: 'me', pass: 'a%b@c' };
    for (const [text, expected] of [
      ['nats://h:4222', { hosts: ['h:4222'], login: undefined, usesTls: false }],
      ['h, tls://[::1]:1', { hosts: ['h', '[::1]:1'], login: undefined, usesTls: true }],
      ['nats://me:a%25b%40c@h', { hosts: ['h'], login, usesTls: false }],
      ['nats://sesame@h', { hosts: ['h'], login: { token: 'sesame' }, usesTls: false }],
    ] as const) {
      assert.deepEqual(parseNatsServers(text), expected, text);
    }
  });

  it('are nothing else', () => {
    for (const text of ['', 'http://h', 'nats://', 'h:port', 'h,', 'nats://me:100%@h', 'nats://%zz@h']) {
      assert.equal(parseNatsServers(text), undefined, text);
    }
  });
});
