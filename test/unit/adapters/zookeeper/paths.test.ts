import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inLockOrder, isPartitionName, Paths, parentOf } from '../../../../src/adapters/zookeeper/paths.js';

const at = { topic: 'alarms', partition: 3 };

describe('ZooKeeper paths', () => {
  test('are the public layout', () => {
    const paths = new Paths({ group: 'mon-notification' });
    assert.equal(paths.offset(at), '/consumers/mon-notification/offsets/alarms/3');
    assert.equal(paths.instance('host-1-2'), '/consumers/mon-notification/ids/host-1-2');
    assert.equal(paths.owners('alarms'), '/consumers/mon-notification/owners/alarms');
    assert.equal(paths.ownersOf(at), '/consumers/mon-notification/owners/alarms/3');
  });

  test('know where the engines of 2014 kept things, whatever our group is called', () => {
    const paths = new Paths({ group: 'ours' });
    assert.deepEqual(paths.ancestorOffsets(at), [
      '/consumers/mon-notification/alarms/3',
      '/consumers/monasca-notification/alarms/3',
    ]);
    assert.deepEqual(paths.ancestorLocks('alarms'), [
      '/locks/mon-notification/alarms',
      '/locks/monasca-notification/alarms',
    ]);
  });

  for (const chroot of ['/engine', '/engine/', '/a/b']) {
    test(`stand below the chroot ${chroot}`, () => {
      const paths = new Paths({ chroot, group: 'g' });
      assert.equal(paths.root, `${chroot.replace(/\/$/, '')}/consumers/g`);
    });
  }

  for (const place of [
    { chroot: 'engine', group: 'g' },
    { chroot: '/a//b', group: 'g' },
    { chroot: '/a/../b', group: 'g' },
    { group: '' },
    { group: 'a/b' },
    { group: 'a\u0000b' },
  ]) {
    test(`refuse ${JSON.stringify(place)}`, () => {
      assert.throws(() => new Paths(place), { code: 'CONFIG_INVALID' });
    });
  }

  test('lock nodes stand in the order of their sequence, whatever their guid', () => {
    const line = ['z-lock-0000000002', '7', 'a-lock-0000000010', 'm-lock-0000000001', '12'];
    assert.deepEqual(inLockOrder(line), ['m-lock-0000000001', 'z-lock-0000000002', 'a-lock-0000000010']);
  });

  test('partitions among the children of owners are plain numbers', () => {
    assert.deepEqual(['0', '12', 'a-lock-0000000001', '1x', ''].map(isPartitionName), [
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('the parent of a node at the top is the root', () => {
    assert.deepEqual(['/a/b', '/a'].map(parentOf), ['/a', '/']);
  });
});
