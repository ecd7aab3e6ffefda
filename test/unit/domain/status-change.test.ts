import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseDigestMessage } from '../../../src/digest/message.js';
import { statusChangeText } from '../../../src/domain/status-change.js';
import { alarmWith } from '../../support/alarms.js';

it('an alarm for a digest method tells the digest whose it is and what that method wishes', () => {
  const wishIn = (methodId: string | undefined, wish: { schedule?: string; empty?: 'send' } | undefined) => {
    const facts = { status: 'CRITICAL', ...(methodId && { methodId }), ...(wish && { wish }) } as const;
    const read = parseDigestMessage(Buffer.from(statusChangeText(alarmWith(), facts)), 'status');
    assert.ok(read.kind === 'status');
    assert.deepEqual([read.change.methodId, read.leftOut], [methodId, []]);
    return read.change.wish;
  };
  assert.deepEqual(wishIn('m', { schedule: '08:00 UTC', empty: 'send' }), { schedule: '08:00 UTC', empty: 'send' });
  assert.deepEqual(wishIn('m', { schedule: '08:00 UTC' }), { schedule: '08:00 UTC' });
  assert.equal(wishIn('m', {}), undefined);
  assert.equal(wishIn(undefined, undefined), undefined);
});
