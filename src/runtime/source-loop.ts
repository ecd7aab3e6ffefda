import type { NonEmpty } from '../domain/position.js';
import type { Link } from '../ports/flow.js';
import type { FromWorker, ToWorker, WireParcel } from './protocol.js';

/**
 * The worker's side of a source: gives main no more than there is room for, and reads on only when all is given. `room` and `give` are called
 * one after the other, never side by side.
 *
 * What is held when the term ends, or when a pause comes, is dropped: main has not begun it, so it will be read again. Room that nothing is
 * held for goes back to main: what comes next may come never, and other sources wait for it.
 */
export class SourceLoop {
  readonly #link: Pick<Link<FromWorker, ToWorker>, 'send'>;
  #term = 0;
  #room = 0;
  /** Room that was asked for and has not come yet. */
  #askedCount = 0;
  #held: WireParcel[] = [];
  /** Between `room` and `done` room is kept for what is being decided. */
  #isDeciding = false;
  #onGiven: (() => void) | undefined;
  #onSomeRoom: (() => void) | undefined;

  constructor(link: Pick<Link<FromWorker, ToWorker>, 'send'>) {
    this.#link = link;
  }

  get term(): number {
    return this.#term;
  }

  /** A new term: what is held is void, and so is the room that was granted. */
  begin(term: number): void {
    this.#term = term;
    this.#room = 0;
    this.#askedCount = 0;
    this.#isDeciding = false;
    this.#drop(() => true);
    this.#someRoom();
  }

  handle(message: Extract<ToWorker, { type: 'work' }>): void {
    if (message.term !== this.#term) return;
    const room = message.room ?? 0;
    this.#room += room;
    this.#askedCount = Math.max(0, this.#askedCount - room);
    this.#send();
    if (this.#room > 0) this.#someRoom();
    this.#giveBack();
  }

  /**
   * Asks for room for `count` and resolves, as soon as there is some, to how many of them may be given at once: what is decided after that is
   * not overtaken while it waits. 0: the term has ended. `done` ends it.
   */
  async room(term: number, count: number): Promise<number> {
    if (term === this.#term) this.#isDeciding = true;
    if (term === this.#term && this.#room === 0) {
      this.#send(count);
      await new Promise<void>((resolve) => {
        this.#onSomeRoom = resolve;
      });
    }
    return term === this.#term ? Math.min(this.#room, count) : 0;
  }

  /** Nothing is being decided any more. */
  done(): void {
    this.#isDeciding = false;
    this.#giveBack();
  }

  /** Takes what is left of a partition out of the flow. */
  pause(topic: string, partition: number): void {
    this.#drop((parcel) => parcel.at.topic === topic && parcel.at.partition === partition);
  }

  /** Resolves when every parcel is on its way to main, or void. */
  async give(term: number, parcels: NonEmpty<WireParcel>): Promise<void> {
    if (term !== this.#term) return;
    if (this.#held.length > 0) throw new TypeError('the parcels before are still to be given');
    this.#held = [...parcels];
    await new Promise<void>((resolve) => {
      this.#onGiven = resolve;
      this.#send(this.#held.length);
    });
  }

  #giveBack(): void {
    if (this.#isDeciding || this.#held.length > 0 || this.#room === 0) return;
    this.#link.send({ type: 'read', term: this.#term, parcels: [], unused: this.#room });
    this.#room = 0;
  }

  #someRoom(): void {
    this.#onSomeRoom?.();
    this.#onSomeRoom = undefined;
  }

  /** Sends what there is room for, and asks for what is lacking to send `count`. */
  #send(count = 0): void {
    const parcels = this.#held.splice(0, this.#room);
    this.#room -= parcels.length;
    const wants = Math.max(0, count - parcels.length - this.#room - this.#askedCount);
    this.#askedCount += wants;
    if (parcels.length > 0 || wants > 0) {
      this.#link.send({ type: 'read', term: this.#term, parcels, ...(wants > 0 ? { wants } : {}) });
    }
    if (this.#held.length > 0) return;
    this.#onGiven?.();
    this.#onGiven = undefined;
  }

  #drop(isDropped: (parcel: WireParcel) => boolean): void {
    this.#held = this.#held.filter((parcel) => !isDropped(parcel));
    this.#send();
  }
}
