import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineError } from '../../../src/domain/errors.js';
import { ParcelLedger } from '../../../src/tracker/ledger.js';
import { offsetsOf, parcel, position, worker } from '../../support/parcels.js';

describe('ledger', () => {
  it('returns the parcel to the worker that holds it, once', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(5), false);
    assert.equal(ledger.settle(worker(1), position(5)).payload, 'payload 5');
    assert.throws(() => ledger.settle(worker(1), position(5)), { code: 'PROTOCOL_VIOLATED' });
    assert.equal(ledger.heldCount, 0);
  });

  it('refuses an answer from a worker that does not hold the item', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(5), false);
    assert.throws(() => ledger.settle(worker(2), position(5)), EngineError);
    assert.equal(ledger.heldBy(worker(1)), 1);
  });

  it('gives back what a dead worker held, in the order handed out, and nothing else', () => {
    const ledger = new ParcelLedger();
    for (const offset of [7, 3, 9]) ledger.handOut(worker(1), parcel(offset), false);
    ledger.handOut(worker(2), parcel(4), false);
    ledger.settle(worker(1), position(3));
    const { again, quarantine } = ledger.bury(worker(1));
    assert.deepEqual([offsetsOf(again), quarantine.length, ledger.heldBy(worker(2))], [[7, 9], 0, 1]);
    assert.deepEqual([ledger.isSuspect(position(7)), ledger.isSuspect(position(4))], [true, false]);
  });

  it('knows nothing of a worker that never held anything', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(1), false);
    ledger.bury(worker(1));
    for (const each of [worker(1), worker(2)]) assert.deepEqual(ledger.bury(each), { again: [], quarantine: [] });
  });

  it('convicts a parcel that was alone with the second worker that died of it', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(5), false);
    ledger.bury(worker(1));
    ledger.handOut(worker(2), parcel(5), true);
    assert.deepEqual(offsetsOf(ledger.bury(worker(2)).quarantine), [5]);
  });

  it('does not convict a parcel after its worker has shown life', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(5), false);
    ledger.bury(worker(1));
    ledger.handOut(worker(2), parcel(5), true);
    ledger.acquit(worker(2));
    ledger.acquit(worker(9));
    assert.deepEqual(offsetsOf(ledger.bury(worker(2)).again), [5]);
  });

  it('convicts a parcel with which five workers died, in whatever company', () => {
    const ledger = new ParcelLedger();
    for (let death = 1; death <= 5; death += 1) {
      ledger.handOut(worker(1, death), parcel(5), false);
      ledger.handOut(worker(1, death), parcel(100 + death), false);
      const { quarantine } = ledger.bury(worker(1, death));
      assert.deepEqual(offsetsOf(quarantine), death === 5 ? [5] : []);
    }
  });

  it('forgets the deaths of a parcel that was answered for', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(5), false);
    ledger.bury(worker(1));
    ledger.handOut(worker(2), parcel(5), true);
    ledger.settle(worker(2), position(5));
    assert.equal(ledger.isSuspect(position(5)), false);
  });

  it('holds nothing after it was cleared', () => {
    const ledger = new ParcelLedger();
    ledger.handOut(worker(1), parcel(5), false);
    ledger.clear();
    assert.deepEqual([ledger.heldCount, ledger.heldBy(worker(1))], [0, 0]);
  });
});
