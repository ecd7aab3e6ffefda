import { hostname } from 'node:os';
import { systemClock } from '../runtime/clock.js';
import { prepareReplay } from './prepare-replay.js';
import { settleCommand } from './settle-command.js';

/** Has the engine send letters again, each under the id that it always had. Ends when Kafka has them; the engine does the rest. */
export const command = settleCommand('replayed', ({ kafka }) => {
  const facts = { kafka, instance: `${hostname()}-${process.pid}-replay`, nowMs: systemClock.nowMs() };
  return (record, recordAt) => prepareReplay(record, recordAt, facts);
});
