import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressRules } from '../../../src/notifiers/address-rules.js';

test('public addresses are permitted', () => {
  const rules = new AddressRules([]);
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
    '198.17.0.1',
    '198.20.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::200e',
    '2620:fe::fe',
    '::ffff:8.8.8.8',
  ]) {
    assert.equal(rules.permits('public.example', address), true, address);
  }
});

test('what is no address is not permitted', () => {
  const rules = new AddressRules(['0.0.0.0/0', '::/0', 'a']);
  for (const address of ['', 'a', '1.2.3', '1.2.3.4.5', '::g']) assert.equal(rules.permits('a', address), false);
});

test('an entry opens what it covers and nothing else', () => {
  const rules = new AddressRules(['10.1.0.0/16', 'fd00::/8', '192.168.1.5', 'hooks.corp.example']);
  assert.equal(rules.permits('x', '10.1.255.255'), true);
  assert.equal(rules.permits('x', '::ffff:10.1.2.3'), true);
  assert.equal(rules.permits('x', '10.2.0.1'), false);
  assert.equal(rules.permits('x', 'fd12::1'), true);
  assert.equal(rules.permits('x', 'fc12::1'), false);
  assert.equal(rules.permits('x', '192.168.1.5'), true);
  assert.equal(rules.permits('x', '192.168.1.6'), false);
  assert.equal(rules.permits('HOOKS.corp.example.', '10.2.0.1'), true);
  assert.equal(rules.permits('other.hooks.corp.example', '10.2.0.1'), false);
  assert.equal(rules.permits('hooks.corp.example', '169.254.169.254'), false);
});

test('an entry that is neither address, CIDR nor name is refused', () => {
  for (const entry of ['', '10.0.0.0/33', '10.0.0.0/', '::/129', '10.0.0/8', 'a b', 'http://x', 'x/8', '*']) {
    assert.throws(() => new AddressRules([entry]), { code: 'CONFIG_INVALID' }, entry);
  }
});
