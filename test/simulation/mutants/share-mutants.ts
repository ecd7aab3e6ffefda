import { ZookeeperSession } from '../../../src/adapters/zookeeper/session.js';
import { Term } from '../../../src/engine/term.js';
import { CommitLoop } from '../../../src/tracker/commit-loop.js';
import { type Mutant, replaceMethods } from './mutant.js';

/** Faults in how partitions come and go. */
export const shareMutants: readonly Mutant[] = [
  {
    name: 'hands a partition over with alarms of it in the flow',
    plant: () => replaceMethods(Term.prototype, { inFlowCount: () => () => 0 }),
  },
  {
    name: 'hands a partition over without a last commit',
    plant: () => replaceMethods(CommitLoop.prototype, { flush: () => () => Promise.resolve(true) }),
  },
  {
    name: 'does not see the locks of the other mode',
    plant: () =>
      replaceMethods(ZookeeperSession.prototype, {
        children: (original) =>
          async function (path, watcher) {
            const names = await original.call(this, path, watcher);
            return names.filter((name) => !/^[0-9]+$/.test(name));
          },
      }),
  },
];
