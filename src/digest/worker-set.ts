import { hash32 } from '../domain/hash32.js';
import type {
  DigestActor,
  DigestHome,
  DigestMessage,
  DigestWorkers,
  ReadMessage,
  RowCodec,
  TakenMessage,
} from '../ports/digest.js';
import type { DigestRules } from './digest-rules.js';
import { DigestWorker, type DigestWorkerDeps } from './digest-worker.js';
import { parseDigestMessage } from './message.js';
import { runActors } from './run-actors.js';
import { parseRow, rowKey, rowText } from './stored-row.js';

export interface WorkerSetOptions {
  /** Whether somebody delivers the digests of methods: without, a message that names one is put aside, not published for all to read. */
  readonly deliversMethods?: boolean;
}

const tickMs = 1_000;
const figuresEveryTicks = 5;

/** The workers of one deployment, of which this process has those that its transport opens: routes, ticks and counts. */
export class WorkerSet<Message extends TakenMessage> implements DigestWorkers<Message> {
  readonly count: number;
  readonly rows: RowCodec = { key: rowKey, text: rowText, parse: parseRow };
  readonly #rules: DigestRules;
  readonly #deps: DigestWorkerDeps;
  readonly #options: WorkerSetOptions;
  readonly #open = new Set<DigestWorker<Message>>();
  readonly #stopTicking: () => void;
  #ticks = 0;

  constructor(count: number, rules: DigestRules, deps: DigestWorkerDeps, options: WorkerSetOptions = {}) {
    this.count = count;
    this.#rules = rules;
    this.#deps = deps;
    this.#options = options;
    this.#stopTicking = deps.clock.every(tickMs, () => this.#tick());
  }

  workerOf(userId: string): number {
    return hash32(userId) % this.count;
  }

  read(taken: Message): ReadMessage<Message> {
    const message = this.#served(parseDigestMessage(taken.value, taken.form));
    switch (message.kind) {
      case 'status':
        return { worker: this.workerOf(message.change.userId), taken, message };
      case 'command':
        return { worker: this.workerOf(message.command.userId), taken, message };
      case 'malformed':
      case 'elsewhere':
        return { worker: 0, taken, message };
      default:
        return message satisfies never;
    }
  }

  open(index: number, home: DigestHome<Message>): DigestActor<Message> {
    const worker = new DigestWorker(index, home, this.#rules, this.#deps);
    return {
      restore: (row) => worker.restore(row),
      take: (read) => worker.take(read),
      get isFull() {
        return worker.isFull;
      },
      room: () => worker.room(),
      close: () => worker.close(),
      run: (signal) => this.#run(worker, signal),
    };
  }

  run(
    actors: Iterable<DigestActor<Message>>,
    ending: AbortController,
    pumps: () => readonly Promise<void>[],
  ): Promise<void> {
    return runActors(actors, ending, pumps);
  }

  /** Workers that run in this process now. */
  get ownedCount(): number {
    return this.#open.size;
  }

  close(): void {
    this.#stopTicking();
  }

  #served(message: DigestMessage): DigestMessage {
    if (this.#options.deliversMethods === true) return message;
    if (message.kind !== 'status' && message.kind !== 'command') return message;
    const { methodId } = message.kind === 'status' ? message.change : message.command;
    if (methodId === undefined) return message;
    return { kind: 'malformed', reason: 'MethodID: expected none, digests of methods need the transport kafka' };
  }

  /** A worker is ticked and counted while it runs. */
  async #run(worker: DigestWorker<Message>, signal: AbortSignal): Promise<void> {
    this.#open.add(worker);
    this.#told();
    try {
      await worker.run(signal);
    } finally {
      this.#open.delete(worker);
      this.#told();
    }
  }

  #tick(): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const worker of this.#open) worker.tick(nowMs);
    this.#ticks += 1;
    if (this.#ticks % figuresEveryTicks === 0) this.#told();
  }

  #told(): void {
    const { telemetry } = this.#deps;
    const all = [...this.#open].map((worker) => worker.states.figures());
    const sum = (pick: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + pick(one), 0);
    telemetry.gauge('digest_owned_workers', this.#open.size);
    telemetry.gauge(
      'digest_users',
      sum(({ users }) => users),
    );
    telemetry.gauge(
      'digest_pending_alarms',
      sum(({ pending }) => pending),
    );
    telemetry.gauge(
      'digest_tombstones',
      sum(({ tombstones }) => tombstones),
    );
  }
}
