import { EngineError } from '../../../src/domain/errors.js';
import { partitionText, type TopicPartition } from '../../../src/domain/position.js';
import type { Commit, Fence, OffsetStore, StoredOffset } from '../../../src/ports/progress.js';
import type { FakeLockDirectory } from './fake-leader-lock.js';

/** Offsets in memory, fenced by the locks of a FakeLockDirectory; `fail` makes the next saves fail. */
export class FakeOffsetStore implements OffsetStore {
  readonly #locks: Pick<FakeLockDirectory, 'exists'>;
  readonly #stored = new Map<string, StoredOffset>();
  readonly saves: (readonly Commit[])[] = [];
  #failures: Error[] = [];
  #gate: Promise<void> = Promise.resolve();

  constructor(locks: Pick<FakeLockDirectory, 'exists'>) {
    this.#locks = locks;
  }

  async load(partition: TopicPartition): Promise<StoredOffset | undefined> {
    return this.#stored.get(partitionText(partition));
  }

  async save(commits: readonly Commit[], fence: Fence): Promise<void> {
    await this.#gate;
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
    if (!this.#locks.exists(fence.lockPath)) {
      throw new EngineError('FENCED', `the commit was refused: our lock node ${fence.lockPath} is gone`, {
        retriable: false,
      });
    }
    this.saves.push(commits);
    for (const { partition, stored } of commits) {
      const finishedAbove = new Uint8Array(stored.finishedAbove);
      this.#stored.set(partitionText(partition), { nextToRead: stored.nextToRead, finishedAbove });
    }
  }

  /** The next saves fail with these, one after the other. */
  fail(...failures: readonly Error[]): void {
    this.#failures = [...failures];
  }

  /** Saves wait from now on, until the returned function is called. */
  hold(): () => void {
    let open: () => void = () => undefined;
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }
}
