import { WorkerSet } from '../digest/worker-set.js';
import type { DigestRound, TakenMessage } from '../ports/digest.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { commandTelemetry } from './command-telemetry.js';
import type { DigestBus } from './digest-bus.js';

const workerCount = 8;

/** The digest alone, without broker: what is published goes straight to the workers of this process. */
export function openMemoryBus(): DigestBus {
  const deps = { clock: systemClock, random: systemRandom, telemetry: commandTelemetry() };
  const rules = { empty: 'skip', tombstoneDays: 30, scheduleOf: () => undefined } as const;
  const workers = new WorkerSet<TakenMessage>(workerCount, rules, deps);
  const hearers: ((text: string) => void)[] = [];
  const home = {
    digestLimitBytes: 900_000,
    commit: async ({ digests }: DigestRound<TakenMessage>) => {
      for (const { text } of digests) for (const hear of hearers) hear(text);
    },
  };
  const actors = Array.from({ length: workerCount }, (_, index) => workers.open(index, home));
  const ending = new AbortController();
  const runs = actors.map((actor) => actor.run(ending.signal));
  return {
    publish(kind, userId, text) {
      const value = Buffer.from(text);
      const taken = { subject: kind, form: kind, value, place: 'memory', isRepeated: false } as const;
      actors[workers.workerOf(userId)]?.take(workers.read(taken));
    },
    flush: async () => {
      await Promise.all(actors.map((actor) => actor.room()));
    },
    listen: async (hear) => void hearers.push(hear),
    async close() {
      for (const actor of actors) actor.close();
      await Promise.all(runs);
      ending.abort();
      workers.close();
    },
  };
}
