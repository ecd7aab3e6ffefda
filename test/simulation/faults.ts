import { Chance } from './chance.js';
import type { Host } from './host.js';
import type { ReceiverMood } from './receivers.js';
import type { World } from './world.js';

export const faultKinds = [
  'kill worker',
  'kill main',
  'kill host',
  'freeze worker',
  'freeze main',
  'freeze host',
  'zookeeper hangs',
  'zookeeper silent',
  'zookeeper deaf',
  'zookeeper mute',
  'zookeeper slow',
  'zookeeper cut',
  'zookeeper expires',
  'zookeeper loses the lock',
  'zookeeper fades',
  'clock jump',
  'mysql away',
  'kafka away',
  'receiver',
  'links slow',
  'terminate',
  'retention',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** One thing that goes wrong. `pick` chooses among what is there at that moment. */
export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly pick: number;
  readonly forMs: number;
}

/** The faults of a schedule, by its number: sometimes many of one kind, sometimes all kinds, sometimes only orderly stops. */
export function plannedFaults(number: number, untilMs: number): readonly Fault[] {
  const chance = new Chance(number, 1);
  if (isOrderly(number)) {
    const count = chance.whole(1, 4);
    return inOrder(Array.from({ length: count }, () => fault(chance, ['terminate'], untilMs)));
  }
  const kinds = chance.is(0.5)
    ? ([chance.one(faultKinds), chance.one(faultKinds), chance.one(faultKinds)] as const)
    : faultKinds;
  return inOrder(Array.from({ length: chance.whole(1, 10) }, () => fault(chance, kinds, untilMs)));
}

/** What goes wrong within hours: mostly receivers, and now and then anything but what makes clocks or topics lie. */
export function plannedDayFaults(number: number, untilMs: number): readonly Fault[] {
  const chance = new Chance(number, 5);
  const lies: readonly FaultKind[] = ['clock jump', 'retention'];
  const others = faultKinds.filter((kind) => !lies.includes(kind));
  const count = Math.ceil(untilMs / 600_000);
  const faults = Array.from({ length: count }, () => {
    const isReceiver = chance.is(0.4);
    const one = fault(chance, isReceiver ? ['receiver'] : ['terminate', ...others], untilMs - 60_000);
    return isReceiver ? { ...one, forMs: chance.between(1_000, 600_000) } : one;
  });
  return inOrder(faults);
}

/** Schedules without any fault but clean stops, with healthy receivers: these must not repeat a thing. */
export function isOrderly(number: number): boolean {
  return number % 8 === 0;
}

export function faultText({ atMs, kind, pick, forMs }: Fault): string {
  return `${atMs.toFixed(0)} ms ${kind} (pick ${pick.toFixed(3)}, ${forMs.toFixed(0)} ms)`;
}

function fault(chance: Chance, kinds: readonly [FaultKind, ...FaultKind[]], untilMs: number): Fault {
  const forMs = chance.is(0.5) ? chance.between(5, 500) : chance.between(500, 6_000);
  return { atMs: chance.between(200, untilMs), kind: chance.one(kinds), pick: chance.number(), forMs };
}

function inOrder(faults: readonly Fault[]): readonly Fault[] {
  return [...faults].sort((a, b) => a.atMs - b.atMs);
}

const moods: readonly [ReceiverMood, ...ReceiverMood[]] = ['refuses', 'fails', 'loses_answers', 'is_slow', 'hangs'];

/** Lets it happen. */
export function strike(world: World, fault: Fault): void {
  const host = world.hosts[Math.floor(fault.pick * world.hosts.length)];
  if (host === undefined) return;
  world.trace('FAULT', `${fault.kind} ${host.name} ${fault.forMs.toFixed(0)} ms`);
  const rest = (fault.pick * world.hosts.length) % 1;
  if (fault.kind.startsWith('zookeeper')) strikeZookeeper(world, host, fault);
  else if (fault.kind.startsWith('kill') || fault.kind.startsWith('freeze')) strikeProcesses(world, host, fault, rest);
  else strikeOthers(world, host, fault, rest);
}

function strikeProcesses(world: World, host: Host, { kind, forMs }: Fault, rest: number): void {
  const [main, ...workers] = host.processes;
  const worker = workers[Math.floor(rest * workers.length)];
  const one = kind.endsWith('main') ? main : worker;
  const targets = kind.endsWith('host') ? host.processes : one === undefined ? [] : [one];
  for (const target of targets) {
    if (kind.startsWith('kill')) target.kill();
    else target.freeze();
  }
  if (kind.startsWith('freeze'))
    world.scheduler.after(forMs, () => {
      for (const target of targets) target.thaw();
    });
}

function strikeZookeeper(world: World, host: Host, { kind, forMs }: Fault): void {
  if (kind === 'zookeeper hangs') world.zookeeper.hang(forMs);
  else if (kind === 'zookeeper silent') host.zookeeper.silence('both', forMs);
  else if (kind === 'zookeeper deaf') host.zookeeper.silence('there', forMs);
  else if (kind === 'zookeeper mute') host.zookeeper.silence('back', forMs);
  else if (kind === 'zookeeper slow') host.zookeeper.slow(forMs / 3, forMs);
  else if (kind === 'zookeeper cut') host.cutZookeeper();
  else if (kind === 'zookeeper loses the lock') loseLock(world, host);
  else if (kind === 'zookeeper fades') fade(world, host);
  else expireOne(world);
}

/** Somebody removes the lock node while the holder's requests are slow to arrive: a commit may come after the next holder's. */
function loseLock(world: World, host: Host): void {
  const sessionMs = world.settings.sessionTimeoutMs;
  host.zookeeper.silence('there', sessionMs * 0.8);
  world.scheduler.after(sessionMs * world.chance.between(0, 0.5), () => {
    const path = world.anyLock();
    if (path === undefined) return;
    world.checker.excusedLocks.add(path);
    world.zookeeper.write([{ kind: 'remove', path }], undefined);
  });
}

/** An answer that comes late is the last one: what it was the answer to is what counts. */
function fade(world: World, host: Host): void {
  const sessionMs = world.settings.sessionTimeoutMs;
  const lateMs = sessionMs * world.chance.between(0.2, 0.7);
  host.zookeeper.silence('back', lateMs);
  world.scheduler.after(sessionMs * world.chance.between(0, 0.3), () =>
    host.zookeeper.silence('there', lateMs + 2 * sessionMs),
  );
}

/** Sooner than was agreed: no lease can know of it, so its holder may act until it hears. */
function expireOne(world: World): void {
  const sessions = [...world.zookeeper.sessions.values()];
  const session = sessions[Math.floor(world.chance.number() * sessions.length)];
  if (session === undefined) return;
  for (const { path, owner } of world.zookeeper.nodes.values())
    if (owner === session.id) world.checker.excusedLocks.add(path);
  world.zookeeper.expire(session);
}

function strikeOthers(world: World, host: Host, { kind, forMs }: Fault, rest: number): void {
  if (kind === 'clock jump') host.wallOffsetMs += (rest - 0.5) * 86_400_000;
  else if (kind === 'mysql away') world.database.goAway(forMs);
  else if (kind === 'kafka away') world.broker.goAway(forMs);
  else if (kind === 'receiver')
    world.receivers.setMood(world.chance.one(['m0', 'm1', 'm2']), world.chance.one(moods), forMs);
  else if (kind === 'links slow') host.slowLinks(forMs / 4, forMs);
  else if (kind === 'terminate') host.terminate();
  else if (kind === 'retention') world.broker.retain(Math.floor(rest * world.broker.partitions.length));
}
