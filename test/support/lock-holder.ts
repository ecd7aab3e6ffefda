/** A process of its own that takes a lock, says so, and holds it until it is killed. argv: server, session ms, group, topic. */
import { ZookeeperLeaderLock } from '../../src/adapters/zookeeper/leader-lock.js';
import { SessionKeeper } from '../../src/adapters/zookeeper/session-keeper.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

const [server = '', sessionTimeoutMs = '', group = '', topic = ''] = process.argv.slice(2);
const keeper = new SessionKeeper(
  { servers: [server], sessionTimeoutMs: Number(sessionTimeoutMs), group },
  { clock: systemClock, random: systemRandom, telemetry: new RecordingTelemetry() },
);
keeper.start();
const identity = {
  host: 'test',
  pid: process.pid,
  instance: `holder-${process.pid}`,
  startedAt: new Date().toISOString(),
};
const lock = await new ZookeeperLeaderLock(keeper, identity).acquire(topic, new AbortController().signal);
process.on('disconnect', () => process.exit(1));
process.on('message', () => {
  void lock
    .release()
    .then(() => keeper.close())
    .then(() => process.disconnect());
});
process.send?.({ lockPath: lock.fence.lockPath, epoch: lock.fence.epoch.toString() });
