import { givenUp } from '../../../src/domain/errors.js';
import type { HeldLock, LeaderLock } from '../../../src/ports/ownership.js';

interface Place {
  readonly lockPath: string;
  readonly epoch: bigint;
  readonly lost: AbortController;
  onFirst: () => void;
}

/** What all engines of a test share: the lines before the locks. */
export class FakeLockDirectory {
  readonly #lines = new Map<string, Place[]>();
  #sequence = 0;

  join(topic: string): Place {
    const sequence = ++this.#sequence;
    const place: Place = {
      lockPath: `/owners/${topic}/lock-${sequence}`,
      epoch: BigInt(sequence),
      lost: new AbortController(),
      onFirst: () => undefined,
    };
    this.#lines.set(topic, [...this.#line(topic), place]);
    return place;
  }

  isFirst(topic: string, place: Place): boolean {
    return this.#line(topic)[0] === place;
  }

  leave(topic: string, place: Place): void {
    this.#lines.set(
      topic,
      this.#line(topic).filter((each) => each !== place),
    );
    this.#line(topic)[0]?.onFirst();
  }

  lengthOf(topic: string): number {
    return this.#line(topic).length;
  }

  exists(lockPath: string): boolean {
    return [...this.#lines.values()].some((line) => line.some((place) => place.lockPath === lockPath));
  }

  /** A stranger removes the node, or its session ends. */
  remove(lockPath: string): void {
    for (const [topic, line] of this.#lines) {
      const place = line.find((each) => each.lockPath === lockPath);
      if (place === undefined) continue;
      place.lost.abort();
      this.leave(topic, place);
    }
  }

  #line(topic: string): readonly Place[] {
    return this.#lines.get(topic) ?? [];
  }
}

/** One engine's view of the locks. */
export class FakeLeaderLock implements LeaderLock {
  readonly #directory: FakeLockDirectory;

  constructor(directory: FakeLockDirectory) {
    this.#directory = directory;
  }

  async acquire(topic: string, signal: AbortSignal): Promise<HeldLock> {
    if (signal.aborted) throw givenUp('the wait for a lock was given up');
    const place = this.#directory.join(topic);
    await new Promise<void>((resolve) => {
      place.onFirst = resolve;
      if (this.#directory.isFirst(topic, place)) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (signal.aborted) {
      this.#directory.leave(topic, place);
      throw givenUp('the wait for a lock was given up');
    }
    return {
      fence: { lockPath: place.lockPath, epoch: place.epoch },
      lost: place.lost.signal,
      release: async () => this.#directory.leave(topic, place),
    };
  }
}
