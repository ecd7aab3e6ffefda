import { EngineError, givenUp } from '../../../src/domain/errors.js';
import { partitionText, type TopicPartition } from '../../../src/domain/position.js';
import type { HeldLock, PartitionLocks, Sharer, Sharing } from '../../../src/ports/ownership.js';

interface Place {
  readonly instance: string;
  readonly lockPath: string;
  readonly epoch: bigint;
  readonly lost: AbortController;
  onFirst: () => void;
}

/** What all engines of a test share: who takes part, and the lines before the locks. */
export class FakeShareDirectory {
  readonly sharers = new Map<string, Sharer>();
  isAway = false;
  readonly #lines = new Map<string, Place[]>();
  readonly #listeners = new Map<string, () => void>();
  #sequence = 0;

  join(sharer: Sharer): void {
    if (!this.sharers.has(sharer.instance)) this.#change(() => this.sharers.set(sharer.instance, sharer));
  }

  leave(instance: string): void {
    if (this.sharers.has(instance)) this.#change(() => this.sharers.delete(instance));
  }

  listen(instance: string, onChange: () => void): void {
    this.#listeners.set(instance, onChange);
  }

  line(partition: TopicPartition): Place[] {
    const name = partitionText(partition);
    const line = this.#lines.get(name) ?? [];
    this.#lines.set(name, line);
    return line;
  }

  enter(partition: TopicPartition, instance: string): Place {
    this.#sequence += 1;
    const place: Place = {
      instance,
      lockPath: `/owners/${partitionText(partition)}/lock-${this.#sequence}`,
      epoch: BigInt(this.#sequence),
      lost: new AbortController(),
      onFirst: () => undefined,
    };
    this.line(partition).push(place);
    return place;
  }

  exit(partition: TopicPartition, place: Place): void {
    const line = this.line(partition);
    const index = line.indexOf(place);
    if (index >= 0) line.splice(index, 1);
    line[0]?.onFirst();
  }

  /** A stranger removes the node. */
  remove(lockPath: string): void {
    for (const line of this.#lines.values()) {
      const index = line.findIndex((each) => each.lockPath === lockPath);
      const [place] = index < 0 ? [] : line.splice(index, 1);
      place?.lost.abort();
      if (place !== undefined) line[0]?.onFirst();
    }
  }

  /** The session of an engine is over: all that it had is free. */
  expire(instance: string): void {
    for (const line of this.#lines.values())
      for (const place of [...line]) if (place.instance === instance) this.remove(place.lockPath);
    this.leave(instance);
  }

  #change(change: () => void): void {
    change();
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

/** One engine's view of the locks. */
export class FakePartitionLocks implements PartitionLocks {
  readonly #directory: FakeShareDirectory;
  readonly #instance: string;

  constructor(directory: FakeShareDirectory, instance: string) {
    this.#directory = directory;
    this.#instance = instance;
  }

  async join(topics: readonly string[]): Promise<void> {
    this.#answer();
    this.#directory.join({ instance: this.#instance, topics });
  }

  async leave(): Promise<void> {
    this.#answer();
    this.#directory.leave(this.#instance);
  }

  async look(partitions: readonly TopicPartition[], onChange: () => void): Promise<Sharing> {
    this.#answer();
    this.#directory.listen(this.#instance, onChange);
    const lines = partitions.map((partition) => {
      const line = this.#directory.line(partition);
      return { partition, owner: line[0]?.instance, waitingCount: Math.max(0, line.length - 1) };
    });
    return { sharers: [...this.#directory.sharers.values()], lines };
  }

  async acquire(partition: TopicPartition, signal: AbortSignal): Promise<HeldLock> {
    if (signal.aborted) throw givenUp('the wait for a lock was given up');
    const place = this.#directory.enter(partition, this.#instance);
    await new Promise<void>((resolve) => {
      place.onFirst = resolve;
      if (this.#directory.line(partition)[0] === place) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (signal.aborted) {
      this.#directory.exit(partition, place);
      throw givenUp('the wait for a lock was given up');
    }
    return {
      fence: { lockPath: place.lockPath, epoch: place.epoch },
      lost: place.lost.signal,
      release: async () => this.#directory.exit(partition, place),
    };
  }

  #answer(): void {
    if (this.#directory.isAway) throw new EngineError('STORE_UNAVAILABLE', 'ZooKeeper is away', { retriable: true });
  }
}
