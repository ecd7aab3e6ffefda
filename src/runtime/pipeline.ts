import { type FinishReason, finishReasons } from '../domain/outcome.js';
import { type AlarmPosition, isNonEmpty, type NonEmpty } from '../domain/position.js';
import type { Parcel, QueueName, StageName } from '../ports/flow.js';
import { queueNames } from '../ports/flow.js';
import type { Ledger, WorkerRef } from '../ports/progress.js';
import type { StageSpec } from '../topology.js';
import { BoundedQueue, type Putter } from './bounded-queue.js';
import { Dispatcher, type Taker } from './dispatcher.js';
import type { FromWorker, WireAnswer, WireParcel } from './protocol.js';
import { Quarantine } from './quarantine.js';
import { fromWireParcel, fromWirePosition, toWireParcel } from './wire.js';
import type { WorkerHandle } from './worker-handle.js';

export interface PipelineOptions {
  readonly topology: NonEmpty<StageSpec>;
  readonly capacity: Readonly<Record<QueueName, number>>;
  /** Nothing more is read while all that is under way takes so many bytes. */
  readonly capacityBytes: number;
  readonly ledger: Ledger;
  /** Runs something after the present turn of the event loop. */
  soon(run: () => void): void;
  /** Asked for each alarm read, in the order read; false keeps it out: it is finished already or not ours. */
  begin(position: AlarmPosition): boolean;
  finish(position: AlarmPosition, reason: FinishReason): void;
  /** Two workers died with it in their hands. */
  quarantined(parcel: Parcel): void;
}

/** Main's side of one worker in the flow of one term. */
class Station implements Taker, Putter {
  readonly worker: WorkerHandle;
  readonly term: number;
  readonly #isTooMuch: () => boolean;
  #parcels: WireParcel[] = [];
  #room = 0;

  constructor(worker: WorkerHandle, term: number, isTooMuch: () => boolean) {
    this.worker = worker;
    this.term = term;
    this.#isTooMuch = isTooMuch;
  }

  get isHeldBack(): boolean {
    return this.#isTooMuch();
  }

  get ref(): WorkerRef {
    return this.worker.ref;
  }

  deliver(parcels: NonEmpty<Parcel>): void {
    for (const parcel of parcels) this.#parcels.push(toWireParcel(parcel));
  }

  quarantine(parcels: NonEmpty<Parcel>): void {
    const wire = parcels.map(toWireParcel);
    if (isNonEmpty(wire)) this.worker.send({ type: 'quarantine', term: this.term, parcels: wire });
  }

  grant(more: number): void {
    this.#room += more;
  }

  /** One message for all that has gathered in this turn: messages are what the way between processes costs. */
  flush(): void {
    if (this.#parcels.length === 0 && this.#room === 0) return;
    const parcels = this.#parcels.length > 0 ? { parcels: this.#parcels } : {};
    const room = this.#room > 0 ? { room: this.#room } : {};
    this.#parcels = [];
    this.#room = 0;
    this.worker.send({ type: 'work', term: this.term, ...parcels, ...room });
  }
}

/**
 * The four queues and who works on them: routes parcels by their outside, counts room and credits, gives back what the dead held.
 *
 * Works in terms: a term begins when the engine has the right to the topic and ends with that right, and everything of an ended term is
 * void. Knows no payload, no stage and no outside system.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #queues: Readonly<Record<QueueName, BoundedQueue>>;
  readonly #dispatchers = new Map<StageName, Dispatcher>();
  readonly #stations = new Map<WorkerHandle, Station>();
  readonly #quarantine = new Quarantine();
  readonly #behind = new Set<WorkerHandle>();
  #term = 0;
  #bytes = 0;
  #isScheduled = false;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const queue = (name: QueueName) => new BoundedQueue(name, options.capacity[name]);
    this.#queues = {
      alarms: queue('alarms'),
      notifications: queue('notifications'),
      sent_notifications: queue('sent_notifications'),
      finished: queue('finished'),
    };
    for (const spec of options.topology) {
      if (spec.takes !== undefined)
        this.#dispatchers.set(spec.stage, new Dispatcher(this.#queues[spec.takes], options.ledger));
    }
  }

  get term(): number {
    return this.#term;
  }

  /** Items under way: waiting, in hand, or to be quarantined. */
  get unfinishedCount(): number {
    let count = this.#options.ledger.heldCount + this.#quarantine.count;
    for (const dispatcher of this.#dispatchers.values()) count += dispatcher.waitingCount;
    return count;
  }

  /** Workers that held something when its term ended, and have not shown since that they know: they may still be sending it. */
  get behindCount(): number {
    return this.#behind.size;
  }

  /** What all payloads under way take in main, one byte a character; each is in the hands of one worker as well. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reading waits for what is under way. */
  get isTooMuch(): boolean {
    return this.#bytes >= this.#options.capacityBytes;
  }

  queueLengths(): readonly { readonly name: QueueName; readonly length: number; readonly capacity: number }[] {
    return queueNames.map((name) => ({
      name,
      length: this.#queues[name].length,
      capacity: this.#queues[name].capacity,
    }));
  }

  /** Everything that is under way is void from here on. */
  begin(term: number): void {
    for (const worker of this.#stations.keys())
      if (this.#options.ledger.heldBy(worker.ref) > 0) this.#behind.add(worker);
    this.#term = term;
    this.#bytes = 0;
    this.#options.ledger.clear();
    this.#stations.clear();
    this.#quarantine.clear();
    for (const dispatcher of this.#dispatchers.values()) dispatcher.clear();
    for (const name of queueNames) this.#queues[name].clear();
  }

  /**
   * One message of the flow. Messages of earlier terms are dropped.
   * @throws EngineError PROTOCOL_VIOLATED, RangeError or TypeError when the worker speaks nonsense: it has to be killed.
   */
  handle(worker: WorkerHandle, message: Extract<FromWorker, { type: 'credits' | 'read' | 'answers' }>): void {
    if (worker.state === 'dead') return;
    if (!Number.isSafeInteger(message.term) || message.term > this.#term) throw new RangeError('no term of ours');
    if (message.term < this.#term) return;
    this.#behind.delete(worker);
    const station = this.#station(worker);
    switch (message.type) {
      case 'credits':
        this.#dispatchers.get(worker.ref.stage)?.add(station, checkedCount(message.more));
        this.#sendQuarantined();
        this.#schedule();
        return;
      case 'read':
        this.#read(station, message);
        return;
      case 'answers':
        this.#answered(station, message);
        return;
      default:
        message satisfies never;
    }
  }

  showedLife(worker: WorkerHandle): void {
    if (this.#dispatchers.get(worker.ref.stage)?.showedLife(worker.ref)) this.#schedule();
  }

  /** The worker is dead: what it held goes out again, and nothing else. */
  bury(worker: WorkerHandle): void {
    const station = this.#stations.get(worker);
    this.#behind.delete(worker);
    this.#stations.delete(worker);
    if (station === undefined) return;
    const dispatcher = this.#dispatchers.get(worker.ref.stage);
    for (const parcel of dispatcher?.remove(worker.ref, (held) => this.#quarantine.takeBack(held)) ?? []) {
      dispatcher?.queue.release(parcel.orderKey);
      this.#quarantine.add([parcel]);
      this.#options.quarantined(parcel);
    }
    for (const name of queueNames) this.#queues[name].forget(station);
    this.#sendQuarantined();
    this.#schedule();
  }

  #station(worker: WorkerHandle): Station {
    const known = this.#stations.get(worker);
    if (known !== undefined) return known;
    // Sources only: the stages have to go on for what is under way to end.
    const isSource = !this.#dispatchers.has(worker.ref.stage);
    const station = new Station(worker, this.#term, () => isSource && this.isTooMuch);
    this.#stations.set(worker, station);
    return station;
  }

  #putQueue(stage: StageName): BoundedQueue {
    const puts = this.#options.topology.find((spec) => spec.stage === stage)?.puts;
    if (puts === undefined) throw new TypeError(`${stage} puts to no queue`);
    return this.#queues[puts];
  }

  #read(station: Station, message: Extract<FromWorker, { type: 'read' }>): void {
    const queue = this.#putQueue(station.ref.stage);
    if (this.#dispatchers.has(station.ref.stage)) throw new TypeError(`${station.ref.stage} is no source`);
    for (const wire of message.parcels) {
      const parcel = fromWireParcel(wire);
      // Before it is begun: what is begun and held by nobody would never be finished.
      if (!queue.hasRoom(station)) throw new TypeError('put without room');
      const isBegun = this.#options.begin(parcel.position);
      queue.put(station, parcel, isBegun);
      if (isBegun) this.#bytes += parcel.payload.length;
    }
    if (message.wants !== undefined) queue.want(station, checkedCount(message.wants));
    if (message.unused !== undefined && !queue.giveBack(station, checkedCount(message.unused))) {
      throw new TypeError('more room given back than was granted');
    }
    this.#schedule();
  }

  #answered(station: Station, message: Extract<FromWorker, { type: 'answers' }>): void {
    const dispatcher = this.#dispatchers.get(station.ref.stage);
    if (dispatcher === undefined) throw new TypeError(`${station.ref.stage} takes nothing and has nothing to answer`);
    for (const answer of message.answers) {
      this.#checkAnswer(station, answer);
      const position = fromWirePosition(answer.at);
      const parcel = dispatcher.settle(station.ref, position, (held) => this.#quarantine.settle(held));
      this.#bytes -= parcel.payload.length;
      if (answer.kind === 'forward') {
        const next = { position, orderKey: parcel.orderKey, payload: answer.payload };
        this.#putQueue(station.ref.stage).put(station, next, true);
        this.#bytes += next.payload.length;
      } else this.#options.finish(position, answer.reason);
    }
    if (message.wants !== undefined) this.#putQueue(station.ref.stage).want(station, checkedCount(message.wants));
    this.#schedule();
  }

  /** Before the item is taken out of the worker's hands: what is refused after that would be in nobody's. */
  #checkAnswer(station: Station, answer: WireAnswer): void {
    switch (answer.kind) {
      case 'forward':
        if (typeof answer.payload !== 'string') throw new TypeError('expected a payload');
        if (!this.#putQueue(station.ref.stage).hasRoom(station)) throw new TypeError('put without room');
        return;
      case 'finish':
        if (!finishReasons.includes(answer.reason)) throw new TypeError('expected a reason');
        return;
      default:
        answer satisfies never;
        throw new TypeError('expected an answer');
    }
  }

  /** Once, after every message that is here already has been heard. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.soon(() => {
      this.#isScheduled = false;
      for (const dispatcher of this.#dispatchers.values()) dispatcher.pump();
      for (const station of this.#stations.values()) station.flush();
    });
  }

  /** The last stage parks them: it is the one that writes to Kafka and opens nothing. */
  #sendQuarantined(): void {
    const last = this.#options.topology.at(-1)?.stage;
    const station = [...this.#stations.values()].find((known) => known.ref.stage === last);
    const parcels = station === undefined ? [] : this.#quarantine.takeAll();
    if (station === undefined || !isNonEmpty(parcels)) return;
    for (const parcel of parcels) this.#options.ledger.handOut(station.ref, parcel, false);
    station.quarantine(parcels);
  }
}

function checkedCount(count: number): number {
  if (!Number.isSafeInteger(count) || count < 0 || count > 1_000_000) throw new RangeError('expected a count');
  return count;
}
