import type { DigestActor, TakenMessage } from '../ports/digest.js';

/**
 * Runs the actors of one term for as long as the pumps bring them messages; then they finish what they have.
 *
 * The first failure aborts `ending`, which ends all of them, and is thrown once they have ended.
 */
export async function runActors<Message extends TakenMessage>(
  actors: Iterable<DigestActor<Message>>,
  ending: AbortController,
  pumps: () => readonly Promise<void>[],
): Promise<void> {
  const all = [...actors];
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
    ending.abort();
  };
  const runs = all.map((actor) => actor.run(ending.signal).catch(fail));
  await Promise.all(pumps().map((pump) => pump.catch(fail)));
  for (const actor of all) actor.close();
  await Promise.all(runs);
  if (failures.length > 0) throw failures[0];
}
