import { waitFor } from '../support/wait-for.js';
import { type Part, type Seat, trySignal } from './fleet.js';
import { nowMs, type Strike, type StrikeKind } from './history.js';
import type { LockWatch } from './lock-watch.js';
import { lasting } from './pace.js';
import type { PlannedStrike } from './plan.js';
import type { ReceiverProcess } from './receiver-process.js';
import type { ChaosServers, Ways } from './servers.js';

/** What there is to strike. */
export interface Scene {
  readonly seats: readonly Seat[];
  readonly servers: ChaosServers;
  readonly watch: LockWatch;
  readonly receiver: ReceiverProcess;
}

/** Names of one file are never read before the fault is over: `untilMs` grows while it lasts. */
type Applied = Omit<Strike, 'kind' | 'atMs' | 'untilMs'>;

/** Applies a fault, ends it after its time, and answers with what was really done; undefined when there was nothing to strike. */
export async function strike(plan: PlannedStrike, scene: Scene, strikes: Strike[]): Promise<void> {
  const { kind } = plan;
  const begun = (applied: Applied): Strike => {
    const one: Strike = { ...applied, kind, atMs: nowMs(), untilMs: nowMs() };
    strikes.push(one);
    return one;
  };
  const end = await apply(plan, scene, begun);
  if (end !== undefined) end.untilMs = nowMs();
}

async function apply(
  plan: PlannedStrike,
  scene: Scene,
  begun: (applied: Applied) => Strike,
): Promise<Strike | undefined> {
  const seat = pickSeat(plan, scene);
  if (seat === undefined) return undefined;
  const [what, whom] = split(plan.kind);
  if (whom === 'zookeeper' || whom === 'kafka' || whom === 'mysql')
    return await strikeServer(what, whom, plan, scene, seat, begun);
  if (what === 'remove') return await removeLock(scene, begun);
  if (what === 'hang') return await hangReceivers(scene, plan.forMs, begun);
  if (what === 'terminate') {
    await anotherReady(seat, scene);
    const one = begun({ target: `engine ${seat.index + 1}` });
    seat.engine?.signal('SIGTERM');
    await seat.engine?.exited;
    return one;
  }
  const parts = targets(whom, plan.pick, seat);
  if (parts.length === 0) return undefined;
  const one = begun(named(whom, seat, parts));
  if (what === 'kill') {
    for (const { pid } of parts) trySignal(pid, 'SIGKILL');
    return one;
  }
  for (const { pid } of parts) trySignal(pid, 'SIGSTOP');
  await lasting(plan.forMs);
  for (const { pid } of parts) trySignal(pid, 'SIGCONT');
  return one;
}

/** Operators restart one after the other: the next when somebody could take over. */
async function anotherReady(seat: Seat, { seats }: Scene): Promise<void> {
  const others = seats.filter((other) => other !== seat);
  const isReady = async ({ engine }: Seat) => (await engine?.get('/ready'))?.status === 200;
  const anyReady = async () =>
    (await Promise.all(others.map((other) => isReady(other).catch(() => false)))).some(Boolean);
  await waitFor(anyReady, 'a standby', { timeoutMs: 60_000 });
}

function split(kind: StrikeKind): readonly [what: string, whom: string] {
  const [what = '', whom = ''] = kind.split(' ');
  return [what, whom];
}

/** SIGTERM, a lost lock and a lost session are for one that works: a standby would not notice. */
function pickSeat({ kind, pick }: PlannedStrike, { seats, watch }: Scene): Seat | undefined {
  const alive = seats.filter(({ engine }) => engine?.isRunning === true);
  const holders = new Set(watch.holders());
  const working = alive.filter(({ engine }) => engine !== undefined && holders.has(engine.pid));
  const needsWork = !kind.endsWith('process') && kind !== 'kill engine';
  const among = needsWork && working.length > 0 ? working : alive;
  return among[Math.floor(pick * among.length)];
}

function targets(whom: string, pick: number, seat: Seat): readonly Part[] {
  const parts = seat.parts();
  if (whom === 'engine') return parts;
  if (whom === 'main') return parts.filter(({ stage }) => stage === 'main');
  const one = parts[Math.floor(((pick * 997) % 1) * parts.length)];
  return one === undefined ? [] : [one];
}

function named(whom: string, seat: Seat, parts: readonly Part[]): Applied {
  const [first] = parts;
  const engine = `engine ${seat.index + 1}`;
  if (whom === 'engine' || first === undefined) return { target: engine };
  return { target: `${engine} ${first.stage}`, stage: first.stage, pid: first.pid };
}

async function removeLock({ watch }: Scene, begun: (applied: Applied) => Strike): Promise<Strike | undefined> {
  const path = watch.heldPath();
  if (path === undefined) return undefined;
  const one = begun({ target: 'the lock node' });
  await watch.remove(path).catch(() => undefined);
  return one;
}

async function hangReceivers({ receiver }: Scene, forMs: number, begun: (applied: Applied) => Strike): Promise<Strike> {
  const one = begun({ target: 'every receiver' });
  receiver.hang(true);
  await lasting(forMs);
  receiver.hang(false);
  return one;
}

async function strikeServer(
  what: string,
  name: keyof Ways,
  { forMs }: PlannedStrike,
  { servers }: Scene,
  seat: Seat,
  begun: (applied: Applied) => Strike,
): Promise<Strike> {
  const way = (await servers.waysOf(seat.index))[name];
  const one = begun({ target: what === 'cut' || what === 'silence' ? `${name} of engine ${seat.index + 1}` : name });
  if (what === 'cut') way.cut();
  else if (what === 'silence') way.blackhole();
  else if (what === 'freeze') servers.own.pause(name);
  else await servers.own.kill(name);
  if (what !== 'cut') await lasting(forMs);
  if (what === 'silence') way.resume();
  else if (what === 'freeze') servers.own.resume(name);
  else if (what === 'restart') await servers.own.restart(name);
  return one;
}
