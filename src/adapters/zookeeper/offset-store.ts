import { EngineError, messageOf } from '../../domain/errors.js';
import type { TopicPartition } from '../../domain/position.js';
import type { Commit, Fence, OffsetStore, StoredOffset } from '../../ports/progress.js';
import { offsetText, parseAncestorText, parseOffsetText } from './offset-text.js';
import { parentOf } from './paths.js';
import type { MultiOperation, ZookeeperSession } from './session.js';
import type { SessionKeeper } from './session-keeper.js';
import { isReason } from './zookeeper-error.js';

/** One multi stays well below the servers' limit of 1 MiB for a request. */
const maxCommitsPerMulti = 64;
const maxBytesPerMulti = 900_000;

/** A node that holds no offset, and what it holds instead. */
export interface DamagedOffset {
  readonly partition: TopicPartition;
  readonly problem: string;
}

/** What is stored, by topic and partition. */
export interface ListedOffsets {
  readonly commits: readonly Commit[];
  readonly damaged: readonly DamagedOffset[];
}

type Write = Readonly<{ path: string; data: string }>;

/**
 * Offsets as nodes of text, one per partition, each write fenced by the lock node.
 *
 * Commits beyond 64 partitions or 900 kB go out in several multis, each fenced and each all or nothing. Nothing waits for a session here:
 * while there is none, everything is STORE_UNAVAILABLE.
 */
export class ZookeeperOffsetStore implements OffsetStore {
  readonly #keeper: SessionKeeper;
  readonly #instance: string;
  /** Offset nodes that were there when last looked at; the others are created. */
  readonly #known = new Set<string>();

  constructor(keeper: SessionKeeper, instance: string) {
    this.#keeper = keeper;
    this.#instance = instance;
  }

  /**
   * Falls back to the node of a 2014 engine, which held the last finished offset, where there is none of ours.
   * @throws STORE_DAMAGED; RIGHT_MISSING; STORE_UNAVAILABLE, retriable.
   */
  async load(partition: TopicPartition): Promise<StoredOffset | undefined> {
    const session = this.#keeper.now();
    const path = this.#keeper.paths.offset(partition);
    const content = await session.read(path);
    return content === undefined ? this.#imported(session, partition) : parseOffsetText(path, content);
  }

  async save(commits: readonly Commit[], fence: Fence): Promise<void> {
    const session = this.#keeper.now();
    const at = new Date(this.#keeper.clock.nowMs()).toISOString();
    const forPeople = `epoch ${fence.epoch} owner ${this.#instance} time ${at}`;
    const writes = commits.map(({ partition, stored }) => ({
      path: this.#keeper.paths.offset(partition),
      data: offsetText(stored, forPeople),
    }));
    for (const batch of batches(writes)) await this.#write(session, batch, fence);
  }

  /** Every stored offset, for people: needs no lock and creates nothing. A damaged node hides no other. */
  async list(): Promise<ListedOffsets> {
    const session = this.#keeper.now();
    const { paths } = this.#keeper;
    const commits: Commit[] = [];
    const damaged: DamagedOffset[] = [];
    for (const topic of await session.children(paths.offsets)) {
      for (const name of await session.children(paths.offsetsOf(topic))) {
        const partition = { topic, partition: Number(name) };
        const path = paths.offset(partition);
        const content = /^[0-9]+$/.test(name) ? await session.read(path) : undefined;
        if (content === undefined) continue;
        try {
          commits.push({ partition, stored: parseOffsetText(path, content) });
        } catch (error) {
          damaged.push({ partition, problem: messageOf(error) });
        }
      }
    }
    return { commits: commits.sort(inOrder), damaged: damaged.sort(inOrder) };
  }

  async #imported(session: ZookeeperSession, partition: TopicPartition): Promise<StoredOffset | undefined> {
    for (const path of this.#keeper.paths.ancestorOffsets(partition)) {
      const content = await session.read(path);
      if (content === undefined) continue;
      const nextToRead = parseAncestorText(path, content);
      this.#keeper.telemetry.event('offset_imported', { ...partition, offset: nextToRead.toString(), path });
      return { nextToRead, finishedAbove: new Uint8Array() };
    }
    return undefined;
  }

  async #write(session: ZookeeperSession, batch: readonly Write[], fence: Fence): Promise<void> {
    await this.#prepare(session, batch);
    const operations: MultiOperation[] = [
      { kind: 'check', path: fence.lockPath },
      ...batch.map((write): MultiOperation => ({ kind: this.#known.has(write.path) ? 'set' : 'create', ...write })),
    ];
    try {
      await session.multi(operations);
    } catch (error) {
      if (isReason(error, 'no_node') && error.operationIndex === 0) throw fenced(fence, error);
      // Somebody creates or removes offset nodes beside us: look at them anew next time.
      for (const { path } of batch) this.#known.delete(path);
      throw error;
    }
    for (const { path } of batch) this.#known.add(path);
  }

  /** A multi cannot say "set or create", so it has to be known before. Only the holder of the lock writes here. */
  async #prepare(session: ZookeeperSession, batch: readonly Write[]): Promise<void> {
    const unknown = batch.map((write) => write.path).filter((path) => !this.#known.has(path));
    const stats = await Promise.all(unknown.map((path) => session.exists(path)));
    for (const [index, path] of unknown.entries()) if (stats[index] !== undefined) this.#known.add(path);
    const missing = unknown.filter((path) => !this.#known.has(path));
    for (const parent of new Set(missing.map(parentOf))) await session.ensure(parent);
  }
}

function fenced(fence: Fence, cause: unknown): EngineError {
  return new EngineError('FENCED', `the commit was refused: our lock node ${fence.lockPath} is gone`, {
    retriable: false,
    cause,
  });
}

function* batches(writes: readonly Write[]): Generator<readonly Write[]> {
  let batch: Write[] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = write.path.length + write.data.length + 100;
    if (batch.length === maxCommitsPerMulti || (batch.length > 0 && bytes + size > maxBytesPerMulti)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(write);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function inOrder(a: Pick<Commit, 'partition'>, b: Pick<Commit, 'partition'>): number {
  return a.partition.topic.localeCompare(b.partition.topic) || a.partition.partition - b.partition.partition;
}
