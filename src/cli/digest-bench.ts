import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { systemClock } from '../runtime/clock.js';
import { type Command, type CommandArguments, type CommandIo, type ExitCode, UsageError } from './command.js';
import { BenchLoad, type BenchPlan } from './digest-bench-load.js';
import { type DigestBus, openDigestBus } from './digest-bus.js';
import { openMemoryBus } from './digest-memory-bus.js';
import { digestPlaceOptions, readDigestSettings } from './digest-settings.js';
import { packageVersion } from './version.js';

const connectLimitMs = 10_000;
const limitMs = 120_000;
const commandEveryMs = 2_000;
const lookEveryMs = 5;
const pingCount = 200;
const flushEvery = 1_000;

/** Drives a running digest with changes and commands, measures it, and compares all digests with a model. */
export const command: Command = {
  options: {
    ...digestPlaceOptions,
    transport: { value: 'nats|kafka|memory', description: 'memory: the digest alone, in this process (default nats)' },
    users: { value: 'N', description: 'users (default 1000)' },
    alarms: { value: 'N', description: 'alarms of each user (default 20)' },
    changes: { value: 'N', description: 'status changes (default 100000)' },
    duplicates: { value: 'SHARE', description: 'share of changes that come twice (default 0.1)' },
    shuffle: { description: 'publish the changes in random order' },
  },
  async run(args, io) {
    const plan = readPlan(args);
    const bus = await openBus(args, io);
    if (bus === undefined) return 78;
    try {
      return await bench(bus, plan, args.text('transport') ?? 'nats', io);
    } finally {
      await bus.close();
    }
  },
};

async function openBus(args: CommandArguments, io: CommandIo): Promise<DigestBus | undefined> {
  if (args.text('transport') === 'memory') return openMemoryBus();
  const settings = readDigestSettings(args, io);
  return settings === undefined ? undefined : await openDigestBus(settings, connectLimitMs, { isOrdered: true });
}

function readPlan(args: CommandArguments): BenchPlan {
  const share = Number(args.text('duplicates') ?? '0.1');
  if (!(share >= 0 && share <= 1)) throw new UsageError('--duplicates: expected a share from 0 to 1');
  return {
    userCount: count(args, 'users', 1_000),
    alarmCount: count(args, 'alarms', 20),
    changeCount: count(args, 'changes', 100_000),
    duplicateShare: share,
    isShuffled: args.has('shuffle'),
  };
}

function count(args: CommandArguments, name: string, usual: number): number {
  const text = args.text(name) ?? String(usual);
  const value = /^[1-9][0-9]{0,7}$/.test(text) ? Number(text) : 0;
  if (value === 0) throw new UsageError(`--${name}: expected a whole number above 0, got ${JSON.stringify(text)}`);
  return value;
}

async function bench(bus: DigestBus, plan: BenchPlan, transport: string, io: CommandIo): Promise<ExitCode> {
  const load = new BenchLoad(plan, randomUUID());
  await bus.listen((text) => load.hear(text, systemClock.monoMs()));
  const changes = load.changes();
  const startedAtMonoMs = systemClock.monoMs();
  let sent = 0;
  for (const { userId, text } of changes) {
    bus.publish('status', userId, text);
    sent += 1;
    if (sent % flushEvery === 0) await bus.flush();
  }
  const { commandedAtMonoMs, lastHeardAtMonoMs, digestCount } = await collect(bus, load);
  const digestsDone = systemClock.monoMs();
  const latencies = await ping(bus, load);
  const problems = load.problems();
  const seconds = (lastHeardAtMonoMs - startedAtMonoMs) / 1_000;
  const digestSeconds = (lastHeardAtMonoMs - commandedAtMonoMs) / 1_000;
  const at = (share: number) =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0).toFixed(1);
  io.out(
    `mon-notification ${packageVersion()}, node ${process.version}, ${availableParallelism()} cores, transport ${transport}`,
  );
  io.out(
    `${sent} changes of ${plan.userCount} users with ${plan.alarmCount} alarms each, ${(digestsDone - startedAtMonoMs).toFixed(0)} ms in all`,
  );
  io.out(`changes/s            ${Math.round(sent / seconds)}`);
  io.out(`digests/s            ${Math.round(digestCount / Math.max(digestSeconds, 0.001))}  (${digestCount} digests)`);
  io.out(
    `command to digest    p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms (${latencies.length} one by one)`,
  );
  io.out(`memory of this process ${Math.round(process.memoryUsage.rss() / 1_048_576)} MB`);
  for (const problem of problems.slice(0, 10)) io.err(problem);
  io.out(`against the model    ${problems.length === 0 ? 'equal' : `${problems.length} differences`}`);
  return problems.length === 0 ? 0 : 1;
}

/** Asks for all digests, again after a while where something is missing, until they say what the model says. */
async function collect(bus: DigestBus, load: BenchLoad) {
  const commandedAtMonoMs = systemClock.monoMs();
  const deadlineMonoMs = commandedAtMonoMs + limitMs;
  for (let nextMonoMs = 0; !load.isComplete() && systemClock.monoMs() < deadlineMonoMs; ) {
    if (systemClock.monoMs() >= nextMonoMs) {
      for (const user of load.incompleteUsers()) bus.publish('command', user, JSON.stringify({ UserID: user }));
      await bus.flush();
      nextMonoMs = systemClock.monoMs() + commandEveryMs;
    }
    await systemClock.sleep(lookEveryMs);
  }
  const { lastHeardAtMonoMs, digestCount } = load;
  return { commandedAtMonoMs, lastHeardAtMonoMs, digestCount };
}

/** One change and one command at a time: how long a user waits for the digest of a quiet system. Rising milliseconds. */
async function ping(bus: DigestBus, load: BenchLoad): Promise<readonly number[]> {
  const tookMs: number[] = [];
  const until = systemClock.monoMs() + limitMs / 4;
  for (let n = 0; n < pingCount && systemClock.monoMs() < until; n += 1) {
    const { userId, text } = load.ping(n);
    bus.publish('status', userId, text);
    bus.publish('command', userId, JSON.stringify({ UserID: userId }));
    const startedAtMonoMs = systemClock.monoMs();
    const heardAtMonoMs = await load.heard(userId, () =>
      bus.publish('command', userId, JSON.stringify({ UserID: userId })),
    );
    tookMs.push(heardAtMonoMs - startedAtMonoMs);
  }
  return tookMs.sort((a, b) => a - b);
}
