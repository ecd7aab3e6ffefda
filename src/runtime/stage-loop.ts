import { setMaxListeners } from 'node:events';
import type { StageOutcome } from '../domain/outcome.js';
import type { AlarmPosition, Positioned } from '../domain/position.js';
import type { Link } from '../ports/flow.js';
import type { Clock } from '../ports/system.js';
import type { FromWorker, ToWorker, WireAnswer, WireParcel } from './protocol.js';
import { fromWirePosition } from './wire.js';

export interface StageLoopOptions<In extends Positioned, Out> {
  readonly link: Pick<Link<FromWorker, ToWorker>, 'send'>;
  readonly clock: Clock;
  /** How many items the worker takes in hand at a time. */
  readonly inHandCount: number;
  decode(position: AlarmPosition, payload: string): In;
  process(item: In, signal: AbortSignal): Promise<StageOutcome<Out>>;
  /** Parks a parcel unopened. Given to the last stage only. */
  quarantine?(position: AlarmPosition, payload: string, signal: AbortSignal): Promise<StageOutcome<Out>>;
  encode(item: Out): string;
  /** An item was neither decided nor aborted: the worker has to end, so that the item is handed out once more. */
  crash(error: unknown): void;
}

type Flow = Extract<ToWorker, { type: 'work' | 'quarantine' | 'lease' }>;

/**
 * The worker's side of the flow: takes what it is given, answers for each by position, and holds back what the next queue has no room for.
 *
 * Answers travel in batches of whatever is ready; nothing waits for a batch to fill. A new term makes everything held void: its signal is
 * aborted, and nothing is answered for it.
 */
export class StageLoop<In extends Positioned, Out> {
  readonly #options: StageLoopOptions<In, Out>;
  #term = 0;
  #abort = new AbortController();
  #room = 0;
  #askedCount = 0;
  #forwards: WireAnswer[] = [];
  #finishes: WireAnswer[] = [];
  #isFlushing = false;

  constructor(options: StageLoopOptions<In, Out>) {
    this.#options = options;
  }

  handle(message: Flow): void {
    if (message.type === 'lease' && message.term !== this.#term) this.#begin(message.term);
    if (message.term !== this.#term) return;
    if (message.type === 'quarantine') for (const parcel of message.parcels) void this.#answer(parcel, this.#park);
    if (message.type !== 'work') return;
    if (message.room !== undefined) {
      this.#room += message.room;
      this.#askedCount -= message.room;
      this.#scheduleFlush();
    }
    for (const parcel of message.parcels ?? []) void this.#answer(parcel, this.#process);
  }

  /** Aborts whatever is in hand. */
  close(): void {
    this.#abort.abort();
  }

  #begin(term: number): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    // One listener per item in hand.
    setMaxListeners(0, this.#abort.signal);
    this.#term = term;
    this.#room = 0;
    this.#askedCount = 0;
    this.#forwards = [];
    this.#finishes = [];
    this.#options.link.send({ type: 'credits', term, more: this.#options.inHandCount });
  }

  readonly #process = async (
    position: AlarmPosition,
    payload: string,
    signal: AbortSignal,
  ): Promise<StageOutcome<Out>> => await this.#options.process(this.#options.decode(position, payload), signal);

  readonly #park = async (
    position: AlarmPosition,
    payload: string,
    signal: AbortSignal,
  ): Promise<StageOutcome<Out>> => {
    // What killed two workers is opened by nobody.
    if (this.#options.quarantine === undefined) throw new TypeError('this stage parks nothing');
    return await this.#options.quarantine(position, payload, signal);
  };

  async #answer(
    parcel: WireParcel,
    decide: (position: AlarmPosition, payload: string, signal: AbortSignal) => Promise<StageOutcome<Out>>,
  ): Promise<void> {
    const { signal } = this.#abort;
    try {
      const outcome = await decide(fromWirePosition(parcel.at), parcel.payload, signal);
      if (signal.aborted) return;
      if (outcome.kind === 'finish') this.#finishes.push({ at: parcel.at, kind: 'finish', reason: outcome.reason });
      else this.#forwards.push({ at: parcel.at, kind: 'forward', payload: this.#options.encode(outcome.item) });
      this.#scheduleFlush();
    } catch (error) {
      if (!signal.aborted) this.#options.crash(error);
    }
  }

  /** After the present turn, so that what is ready together leaves together. */
  #scheduleFlush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#options.clock.soon(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    const leaving = Math.min(this.#room, this.#forwards.length);
    const answers = [...this.#finishes, ...this.#forwards.splice(0, leaving)];
    this.#finishes = [];
    this.#room -= leaving;
    const wants = Math.max(0, this.#forwards.length - this.#askedCount);
    this.#askedCount += wants;
    if (answers.length === 0 && wants === 0) return;
    this.#options.link.send({ type: 'answers', term: this.#term, answers, ...(wants > 0 ? { wants } : {}) });
  }
}
