import { RepeatPlan } from '../../../src/periodic/repeat-plan.js';
import { Newest } from '../../../src/waiting/newest.js';
import { type Mutant, replaceMethods } from './mutant.js';

/** Faults in what waits for its time: they show within hours. */
export const dayMutants: readonly Mutant[] = [
  {
    name: 'repeats without a look at the state of the alarm',
    plant: () =>
      replaceMethods(RepeatPlan.prototype, {
        next: (original) =>
          async function (record, nowMs, signal) {
            const next = await original.call(this, record, nowMs, signal);
            if (next === undefined) return undefined;
            const { verdict, ...told } = next;
            return verdict?.outcome === 'superseded' && verdict.by === undefined ? told : next;
          },
      }),
  },
  {
    name: 'counts the next repeat from when this one was told',
    plant: () =>
      replaceMethods(RepeatPlan.prototype, {
        next: (original) =>
          async function (record, nowMs, signal) {
            const next = await original.call(this, record, nowMs, signal);
            return next === undefined ? undefined : { ...next, dueAtMs: nowMs };
          },
      }),
  },
  {
    name: 'lets every copy of a record go on',
    plant: () => replaceMethods(Newest.prototype, { after: () => () => undefined }),
  },
];
