import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '../../../src/config/nearest.js';
import { revealedSections, revealedTls } from '../../../src/config/revealed.js';
import { Secret } from '../../../src/domain/secret.js';

test('the nearest name is a slip away, or there is none', () => {
  const names = ['kafka', 'zookeeper', 'mysql', 'processors'];
  assert.equal(nearestName('kafak', names), 'kafka');
  assert.equal(nearestName('MySQL', names), 'mysql');
  assert.equal(nearestName('processor', names), 'processors');
  assert.equal(nearestName('something', names), undefined);
  assert.equal(nearestName('x'.repeat(100_000), names), undefined);
});

test('sections and TLS options are revealed for those who put them on the wire', () => {
  assert.deepEqual(revealedSections({ email: { password: new Secret('p'), port: 25 } }), {
    email: { password: 'p', port: 25 },
  });
  assert.deepEqual(revealedTls({ key: new Secret('k'), ca: 'c', rejectUnauthorized: true }), {
    key: 'k',
    ca: 'c',
    rejectUnauthorized: true,
  });
});
