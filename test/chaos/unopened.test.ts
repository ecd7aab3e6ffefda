import assert from 'node:assert/strict';
import { it } from 'node:test';
import { notificationId } from '../../src/domain/notification.js';
import { encodeDeadLetter } from '../../src/domain/outcome-record.js';
import { unopenedIds } from './unopened.js';

it('an alarm that was parked unopened is known by its position, for each of its methods', () => {
  const position = { topic: 'alarms', partition: 3, offset: 9_007_199_254_740_993n };
  const textOf = (reason: 'killed_workers' | 'malformed') =>
    String(encodeDeadLetter({ position, reason, raw: Buffer.from('{}'), detail: 'd' }, 'host').value);
  assert.deepEqual(unopenedIds([textOf('malformed'), textOf('killed_workers')], ['m-1', 'm-2']), [
    notificationId(position, 'm-1'),
    notificationId(position, 'm-2'),
  ]);
});
