import { EngineError } from '../domain/errors.js';
import { type AlarmPosition, positionText } from '../domain/position.js';
import type { Parcel } from '../ports/flow.js';
import type { Ledger, WorkerRef } from '../ports/progress.js';

interface Holding {
  readonly worker: string;
  readonly parcel: Parcel;
  isAlone: boolean;
}

/** After so many deaths around it an item is guilty, even if it was never caught alone. */
const deathsToConvict = 5;

const nameOf = (worker: WorkerRef) => `${worker.stage}/${worker.index}/${worker.generation}`;

/** The ledger in memory of the main process. */
export class ParcelLedger implements Ledger {
  readonly #held = new Map<string, Holding>();
  readonly #byWorker = new Map<string, Map<string, Holding>>();
  readonly #deaths = new Map<string, number>();

  handOut(worker: WorkerRef, parcel: Parcel, isAlone: boolean): void {
    const key = positionText(parcel.position);
    const name = nameOf(worker);
    const holding = { worker: name, parcel, isAlone };
    this.#held.set(key, holding);
    const holdings = this.#byWorker.get(name) ?? new Map<string, Holding>();
    this.#byWorker.set(name, holdings.set(key, holding));
  }

  settle(worker: WorkerRef, position: AlarmPosition): Parcel {
    const key = positionText(position);
    const holding = this.#held.get(key);
    const name = nameOf(worker);
    if (holding === undefined || holding.worker !== name) {
      throw new EngineError('PROTOCOL_VIOLATED', `${name} answered for ${key}, which it does not hold`, {
        retriable: false,
      });
    }
    this.#held.delete(key);
    this.#byWorker.get(name)?.delete(key);
    this.#deaths.delete(key);
    return holding.parcel;
  }

  heldBy(worker: WorkerRef): number {
    return this.#byWorker.get(nameOf(worker))?.size ?? 0;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  acquit(worker: WorkerRef): void {
    for (const holding of this.#byWorker.get(nameOf(worker))?.values() ?? []) holding.isAlone = false;
  }

  bury(worker: WorkerRef): { again: readonly Parcel[]; quarantine: readonly Parcel[] } {
    const again: Parcel[] = [];
    const quarantine: Parcel[] = [];
    const name = nameOf(worker);
    for (const [key, holding] of this.#byWorker.get(name) ?? []) {
      this.#held.delete(key);
      const deaths = (this.#deaths.get(key) ?? 0) + 1;
      this.#deaths.set(key, deaths);
      if ((holding.isAlone && deaths >= 2) || deaths >= deathsToConvict) quarantine.push(holding.parcel);
      else again.push(holding.parcel);
    }
    this.#byWorker.delete(name);
    return { again, quarantine };
  }

  isSuspect(position: AlarmPosition): boolean {
    return this.#deaths.size > 0 && this.#deaths.has(positionText(position));
  }

  clear(): void {
    this.#held.clear();
    this.#byWorker.clear();
    this.#deaths.clear();
  }
}
