/** Tests of the tests: ledgers with one fault each. The property that the real one passes must reject them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { positionText } from '../../../src/domain/position.js';
import type { Parcel } from '../../../src/ports/flow.js';
import type { WorkerRef } from '../../../src/ports/progress.js';
import { ParcelLedger } from '../../../src/tracker/ledger.js';
import { checkLedger } from './ledger-property.js';

const mutants: Readonly<Record<string, new () => ParcelLedger>> = {
  'forgets what a dead worker held': class extends ParcelLedger {
    override bury(worker: WorkerRef) {
      return { again: [], quarantine: super.bury(worker).quarantine };
    }
  },
  'hands out again what was answered for': class extends ParcelLedger {
    readonly #settled: Parcel[] = [];
    override settle(...args: Parameters<ParcelLedger['settle']>) {
      const parcel = super.settle(...args);
      this.#settled.push(parcel);
      return parcel;
    }
    override bury(worker: WorkerRef) {
      const { again, quarantine } = super.bury(worker);
      return { again: [...again, ...this.#settled.splice(0)], quarantine };
    }
  },
  'takes an answer from whoever gives it': class extends ParcelLedger {
    readonly #holders = new Map<string, WorkerRef>();
    override handOut(...[worker, parcel, isAlone]: Parameters<ParcelLedger['handOut']>) {
      this.#holders.set(positionText(parcel.position), worker);
      super.handOut(worker, parcel, isAlone);
    }
    override settle(...[worker, position]: Parameters<ParcelLedger['settle']>) {
      return super.settle(this.#holders.get(positionText(position)) ?? worker, position);
    }
  },
  'convicts the innocent along with the guilty': class extends ParcelLedger {
    override bury(worker: WorkerRef) {
      const { again, quarantine } = super.bury(worker);
      return quarantine.length > 0 ? { again: [], quarantine: [...quarantine, ...again] } : { again, quarantine };
    }
  },
  'never convicts': class extends ParcelLedger {
    override bury(worker: WorkerRef) {
      const { again, quarantine } = super.bury(worker);
      return { again: [...again, ...quarantine], quarantine: [] };
    }
  },
  'does not hear that a worker lived on': class extends ParcelLedger {
    override acquit() {}
  },
  'suspects nothing that a worker died with': class extends ParcelLedger {
    override isSuspect() {
      return false;
    }
  },
};

const settings = { numRuns: 1000, seed: 1 };

describe('the property that the ledger passes', () => {
  test('passes the ledger', () => {
    checkLedger(() => new ParcelLedger(), { numRuns: 1000 });
  });

  for (const [fault, Mutant] of Object.entries(mutants)) {
    test(`rejects a ledger that ${fault}`, () => {
      assert.throws(() => checkLedger(() => new Mutant(), settings), /Property failed/);
    });
  }
});
