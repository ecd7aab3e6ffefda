import { allPoints, type CallPoint } from './calls.js';
import { type RunOptions, type RunResult, runWorld } from './run.js';
import { World, type WorldSettings } from './world.js';

const producedWithinMs = 1_500;
/** A lost session, a lost answer of MySQL and a start come one after the other at most. */
const patienceMs = 60_000;

/** Two engines, 200 alarms, healthy servers: whatever goes wrong is the one call. */
const settings: WorldSettings = {
  hostCount: 2,
  partitionCount: 2,
  alarmCount: 200,
  windowCount: 50,
  capacityCount: 20,
  inHandCount: 16,
  senders: 1,
  sessionTimeoutMs: 2_000,
  lock: 'topic',
  hasPoison: false,
};

/** Every way in which one call of the first engine can go wrong, in the order of the calls. */
export async function sweepPoints(): Promise<readonly CallPoint[]> {
  const world = newWorld(undefined, false);
  await run(world, 0, {});
  return allPoints(world.calls.kinds);
}

/** Runs the same 200 alarms once more, and lets one call go wrong. */
export async function runPoint(points: readonly CallPoint[], index: number, options: RunOptions): Promise<RunResult> {
  const point = points[index];
  if (point === undefined) throw new RangeError(`there are the points 0 to ${points.length - 1}, and no ${index}`);
  const world = newWorld(point, options.isTraceKept ?? false);
  const result = await run(world, index, options);
  if (world.calls.kinds[point.call - 1] !== point.kind)
    world.checker.fail(`call ${point.call} was not to ${point.kind}`);
  return result;
}

function newWorld(callPoint: CallPoint | undefined, isTraceKept: boolean): World {
  return new World(3, callPoint === undefined ? settings : { ...settings, callPoint }, isTraceKept);
}

function run(world: World, number: number, options: RunOptions): Promise<RunResult> {
  const lastMs = world.produce(producedWithinMs);
  const leftOver = () => world.checker.leftOver();
  return runWorld(world, number, { ...options, faults: [] }, { lastMs, patienceMs, leftOver });
}
