import { SessionKeeper } from '../adapters/zookeeper/session-keeper.js';
import type { Config } from '../config/config.js';
import { EngineError } from '../domain/errors.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';

const sessionLimitMs = 8_000;

/**
 * Runs `work` with a ZooKeeper session, and ends the session. `parent` gives up the wait for it.
 *
 * @throws EngineError, retriable, saying what was tried, where and what to check, when there is no session within 8 s.
 */
export async function withZookeeper<T>(
  config: Config,
  telemetry: Telemetry,
  work: (keeper: SessionKeeper) => Promise<T>,
  parent?: AbortSignal,
): Promise<T> {
  const options = { ...config.zookeeper, group: config.kafka.group };
  const keeper = new SessionKeeper(options, { clock: systemClock, random: systemRandom, telemetry });
  try {
    keeper.start();
    await connected(keeper, config.zookeeper.servers, parent);
    return await work(keeper);
  } finally {
    await keeper.close();
  }
}

async function connected(keeper: SessionKeeper, servers: readonly string[], parent?: AbortSignal): Promise<void> {
  const limit = systemClock.limit(sessionLimitMs, parent);
  try {
    await keeper.current(limit.signal);
  } catch (error) {
    if (!limit.expired) throw error;
    const text = `asked ZooKeeper at ${servers.join(', ')} for a session: none within ${sessionLimitMs / 1000} s`;
    const advice = 'check that the servers of zookeeper.url run and can be reached from here, and zookeeper.auth';
    throw new EngineError('STORE_UNAVAILABLE', `${text}; ${advice}`, { retriable: true, cause: error });
  } finally {
    limit.clear();
  }
}
