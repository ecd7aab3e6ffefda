import { hostname } from 'node:os';
import { ZookeeperLeaderLock } from '../adapters/zookeeper/leader-lock.js';
import { ZookeeperOffsetStore } from '../adapters/zookeeper/offset-store.js';
import type { SessionKeeper } from '../adapters/zookeeper/session-keeper.js';
import type { Config } from '../config/config.js';
import { EngineError } from '../domain/errors.js';
import type { AlarmPosition } from '../domain/position.js';
import { waitingTopicsOf } from '../engine/crews.js';
import type { HeldLock } from '../ports/ownership.js';
import { systemClock } from '../runtime/clock.js';
import { listenForStop } from '../runtime/shutdown.js';
import { askKafka, heldByKafka } from './ask-kafka.js';
import { printable } from './columns.js';
import {
  type Command,
  type CommandArguments,
  type CommandIo,
  configOption,
  type ExitCode,
  jsonOption,
  UsageError,
} from './command.js';
import { commandTelemetry } from './command-telemetry.js';
import { loadOrReport } from './configuration.js';
import { lockNews } from './lock-news.js';
import { changeDocument, changeText, parseAssignments, type StoredBefore, unheld } from './offset-assignments.js';
import { secondsOption } from './seconds-option.js';
import { withZookeeper } from './with-zookeeper.js';

const lockLimitMs = 30_000;
const kafkaLimitMs = 10_000;

/** Sets stored positions, as the holder of the lock: no engine reads or commits meanwhile. */
export const command: Command = {
  positionals: '(TOPIC/PARTITION=OFFSET… | --from-group GROUP)',
  options: {
    ...configOption,
    ...jsonOption,
    yes: { description: 'do not ask; without a terminal it must be given' },
    force: { description: 'set also what Kafka does not hold, and while Kafka is away' },
    timeout: { value: 'SECONDS', description: 'how long to wait for the lock (default 30)' },
    'from-group': { value: 'GROUP', description: 'take over what this Kafka consumer group has committed' },
  },
  async run(args, io) {
    const job = readJob(args, io);
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const stop = listenForStop();
    try {
      return await setOffsets(loaded.config, job, io, stop.stop);
    } finally {
      stop.dispose();
    }
  },
};

interface Job {
  readonly given: readonly AlarmPosition[];
  readonly fromGroup: string | undefined;
  readonly isForced: boolean;
  /** One document in the end instead of a line for each change. */
  readonly isJson: boolean;
  readonly waitMs: number;
  /** True as soon as somebody has agreed. */
  agreed(): Promise<boolean>;
}

function readJob(args: CommandArguments, io: CommandIo): Job {
  const given = parseAssignments(args.positionals);
  const fromGroup = args.text('from-group');
  if (given.length === 0 && fromGroup === undefined) {
    throw new UsageError('name what to set: TOPIC/PARTITION=OFFSET, or --from-group GROUP');
  }
  if (given.length > 0 && fromGroup !== undefined) {
    throw new UsageError('give either TOPIC/PARTITION=OFFSET or --from-group GROUP, not both');
  }
  const { ask } = io;
  if (!args.has('yes') && ask === undefined) {
    throw new UsageError('there is no terminal to ask for confirmation; give --yes to set the offsets without');
  }
  const agreed = async () =>
    args.has('yes') || ask === undefined || /^y(es)?$/i.test((await ask('Set these offsets? [y/N] ')).trim());
  const isJson = args.has('json');
  return {
    given,
    fromGroup,
    isJson,
    isForced: args.has('force'),
    waitMs: secondsOption(args, 'timeout', lockLimitMs),
    agreed,
  };
}

async function setOffsets(config: Config, job: Job, io: CommandIo, stop: AbortSignal): Promise<ExitCode> {
  const wanted = await checkedWish(config, job);
  io.err(
    'Each number is the next offset to read: all from there on is told, under the ids that it had, finished or not.',
  );
  const telemetry = commandTelemetry((name, fields) => {
    const news = lockNews(name, fields);
    if (news !== undefined) io.err(printable(news));
  });
  const work = async (keeper: SessionKeeper): Promise<ExitCode> => {
    const lock = await lockTopics(keeper, config, job.waitMs, stop);
    try {
      const store = new ZookeeperOffsetStore(keeper, instance());
      const changes: object[] = [];
      const say = job.isJson ? io.err : io.out;
      const tell = (isSet: boolean) => {
        if (job.isJson) io.out(JSON.stringify({ set: isSet, changes }));
      };
      for (const at of wanted) {
        const before = await storedBefore(store, at);
        changes.push(changeDocument(at, before));
        say(changeText(at, before));
      }
      if (!(await job.agreed())) {
        tell(false);
        io.err('nothing was set');
        return 1;
      }
      // Plain positions, for any version to read. Of a topic made anew the finished set would name other messages, and leave them out.
      const commits = wanted.map((at) => ({
        partition: { topic: at.topic, partition: at.partition },
        stored: { nextToRead: at.offset, finishedAbove: new Uint8Array() },
      }));
      await store.save(commits, lock.fence);
      tell(true);
      io.err(`set ${wanted.length === 1 ? 'one offset' : `${wanted.length} offsets`}; the engines may be started`);
      return 0;
    } finally {
      await lock.release();
    }
  };
  return await withZookeeper(config, telemetry, work, stop);
}

/** What is to be set, after Kafka was asked whether it can be. @throws EngineError when it cannot. */
async function checkedWish(config: Config, job: Job): Promise<readonly AlarmPosition[]> {
  const { fromGroup } = job;
  const wanted = fromGroup === undefined ? job.given : await positionsOfGroup(config, fromGroup);
  const topics = [config.kafka.alarmTopic, ...waitingTopicsOf(config).keys()];
  const stranger = wanted.find(({ topic }) => !topics.includes(topic));
  if (stranger !== undefined) {
    throw refusal(`the engine keeps no position of topic ${stranger.topic}; it reads ${topics.join(', ')}`);
  }
  if (job.isForced) return wanted;
  const asked = { limitMs: kafkaLimitMs, what: 'the offsets that it holds (--force sets offsets without asking)' };
  const held = await heldByKafka(
    config,
    wanted.map(({ topic }) => topic),
    asked,
  );
  const problems = unheld(wanted, held);
  if (problems.length === 0) return wanted;
  throw refusal(`${problems.join('; ')}. Nothing was set; --force sets it all the same`);
}

async function positionsOfGroup(config: Config, group: string): Promise<readonly AlarmPosition[]> {
  const topic = config.kafka.alarmTopic;
  const asked = { limitMs: kafkaLimitMs, what: `the offsets of group ${group}` };
  const offsets = await askKafka(config, asked, (reader, signal) => reader.groupPositions(group, topic, signal));
  if (offsets.size === 0) throw refusal(`Kafka group ${group} has committed nothing of topic ${topic}`);
  return [...offsets].map(([partition, offset]) => ({ topic, partition, offset }));
}

/** The lock of the alarm topic stands for all topics: an engine that shares may hold partitions of another one alone. */
async function lockTopics(keeper: SessionKeeper, config: Config, waitMs: number, stop: AbortSignal): Promise<HeldLock> {
  const topic = config.kafka.alarmTopic;
  const identity = {
    host: hostname(),
    pid: process.pid,
    instance: instance(),
    startedAt: new Date(systemClock.nowMs()).toISOString(),
  };
  const lock = new ZookeeperLeaderLock(keeper, identity, [...waitingTopicsOf(config).keys()]);
  const limit = systemClock.limit(waitMs, stop);
  try {
    return await lock.acquire(topic, limit.signal);
  } catch (error) {
    if (!limit.expired) throw error;
    throw refusal(`the lock of ${topic} was not free within ${waitMs / 1000} s; stop every engine of this group first`);
  } finally {
    limit.clear();
  }
}

async function storedBefore(store: ZookeeperOffsetStore, at: AlarmPosition): Promise<StoredBefore> {
  try {
    return (await store.load(at)) ?? 'none';
  } catch (error) {
    // This command is how a damaged node is mended.
    if (error instanceof EngineError && error.code === 'STORE_DAMAGED') return 'damaged';
    throw error;
  }
}

function instance(): string {
  return `${hostname()}-${process.pid}-offsets-set`;
}

function refusal(message: string): EngineError {
  return new EngineError('STORE_UNAVAILABLE', message, { retriable: false });
}
