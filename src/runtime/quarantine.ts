import { positionText } from '../domain/position.js';
import type { Parcel } from '../ports/flow.js';

/** Parcels convicted of killing workers, until the last stage has parked them. */
export class Quarantine {
  #waiting: Parcel[] = [];
  readonly #parking = new Map<string, Parcel>();

  /** Those that nobody holds. */
  get count(): number {
    return this.#waiting.length;
  }

  add(parcels: readonly Parcel[]): void {
    this.#waiting.push(...parcels);
  }

  /** All that wait; from now on they are being parked. */
  takeAll(): readonly Parcel[] {
    const parcels = this.#waiting;
    this.#waiting = [];
    for (const parcel of parcels) this.#parking.set(positionText(parcel.position), parcel);
    return parcels;
  }

  /** True when the answer was for one of ours, which is then parked. */
  settle(parcel: Parcel): boolean {
    return this.#parking.delete(positionText(parcel.position));
  }

  /** The worker that was to park it is dead: it waits again. True when it is one of ours. */
  takeBack(parcel: Parcel): boolean {
    if (!this.#parking.delete(positionText(parcel.position))) return false;
    this.#waiting.push(parcel);
    return true;
  }

  clear(): void {
    this.#waiting = [];
    this.#parking.clear();
  }
}
