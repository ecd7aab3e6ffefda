/**
 * A process that starts servers, prints `{ dir, pids }` and then only lives: for tests of what happens to servers whose parent
 * is killed.
 */
import { startPrivateServices } from '../services.js';

const services = await startPrivateServices({ after: () => undefined }, { only: ['zookeeper', 'mysql'] });
const pids = services.names.map((name) => services.pid(name));
process.stdout.write(`${JSON.stringify({ dir: services.dir, pids })}\n`);
