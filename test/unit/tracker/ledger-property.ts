import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Ledger } from '../../../src/ports/progress.js';
import { offsetsOf, parcel, position, worker } from '../../support/parcels.js';

type Step = Readonly<
  | { kind: 'hand_out'; worker: number; offset: number; isAlone: boolean }
  | { kind: 'settle'; worker: number; offset: number }
  | { kind: 'bury' | 'acquit'; worker: number }
  | { kind: 'clear' }
>;

const who = fc.nat({ max: 2 });
const offset = fc.nat({ max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('hand_out' as const), worker: who, offset, isAlone: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), worker: who, offset }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('bury' as const, 'acquit' as const), worker: who }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

interface Held {
  readonly worker: number;
  readonly offset: number;
  isAlone: boolean;
}

/** Plain and slow: a list of who holds what, and a list of deaths. */
class Model {
  held: Held[] = [];
  /** The offset of each parcel that a worker died with, once per death. */
  deaths: number[] = [];

  holder(offset: number): Held | undefined {
    return this.held.find((each) => each.offset === offset);
  }

  deathCount(offset: number): number {
    return this.deaths.filter((each) => each === offset).length;
  }

  settle(offset: number): void {
    this.held = this.held.filter((each) => each.offset !== offset);
    this.deaths = this.deaths.filter((each) => each !== offset);
  }

  bury(worker: number): { again: number[]; quarantine: number[] } {
    const lost = this.held.filter((each) => each.worker === worker);
    this.held = this.held.filter((each) => each.worker !== worker);
    this.deaths.push(...lost.map((each) => each.offset));
    const isGuilty = (each: Held) =>
      this.deathCount(each.offset) >= 5 || (each.isAlone && this.deathCount(each.offset) >= 2);
    return {
      again: lost.filter((each) => !isGuilty(each)).map((each) => each.offset),
      quarantine: lost.filter(isGuilty).map((each) => each.offset),
    };
  }
}

/** Compares a ledger with lists over any course of events: handing out, answers from the right and the wrong worker, deaths, acquittals. */
export function checkLedger(make: () => Ledger, settings: { readonly numRuns: number; readonly seed?: number }): void {
  const property = fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
    const [ledger, model] = [make(), new Model()];
    for (const each of steps) {
      take(each, ledger, model);
      assert.equal(ledger.heldCount, model.held.length);
      for (const index of [0, 1, 2])
        assert.equal(ledger.heldBy(worker(index)), model.held.filter((held) => held.worker === index).length);
      for (const at of [0, 1, 2, 3, 4]) assert.equal(ledger.isSuspect(position(at)), model.deathCount(at) > 0);
    }
  });
  fc.assert(property, settings);
}

function take(each: Step, ledger: Ledger, model: Model): void {
  switch (each.kind) {
    case 'hand_out':
      if (model.holder(each.offset) !== undefined) return;
      ledger.handOut(worker(each.worker), parcel(each.offset), each.isAlone);
      model.held.push({ worker: each.worker, offset: each.offset, isAlone: each.isAlone });
      return;
    case 'settle':
      settle(each, ledger, model);
      return;
    case 'bury': {
      const { again, quarantine } = ledger.bury(worker(each.worker));
      assert.deepEqual({ again: offsetsOf(again), quarantine: offsetsOf(quarantine) }, model.bury(each.worker));
      return;
    }
    case 'acquit':
      ledger.acquit(worker(each.worker));
      for (const held of model.held) if (held.worker === each.worker) held.isAlone = false;
      return;
    case 'clear':
      ledger.clear();
      model.held = [];
      model.deaths = [];
      return;
    default:
      each satisfies never;
  }
}

function settle(each: Extract<Step, { kind: 'settle' }>, ledger: Ledger, model: Model): void {
  const answer = () => ledger.settle(worker(each.worker), position(each.offset));
  if (model.holder(each.offset)?.worker !== each.worker) {
    assert.throws(answer, { code: 'PROTOCOL_VIOLATED' });
    return;
  }
  assert.deepEqual(answer(), parcel(each.offset));
  model.settle(each.offset);
}
