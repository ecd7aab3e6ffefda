import type { StageName } from '../../src/ports/flow.js';
import type { FromWorker, ToWorker, WireAnswer, WireParcel } from '../../src/runtime/protocol.js';
import type { WorkerProcess } from '../../src/runtime/worker-process.js';

/** Main's side of a worker without a process behind it: keeps what it is sent. */
export class FakeWorker {
  readonly ref;
  readonly sent: ToWorker[] = [];
  state: WorkerProcess['state'] = 'ready';

  constructor(stage: StageName, index = 0, generation = 1) {
    this.ref = { stage, index, generation };
  }

  send(message: ToWorker): void {
    this.sent.push(message);
  }

  /** It has everything that the main process asks of a worker but the process. */
  get asWorker(): WorkerProcess {
    return this as unknown as WorkerProcess;
  }

  /** Offsets of what it was given to work on. */
  get given(): readonly string[] {
    return this.sent.flatMap((message) => (message.type === 'work' ? (message.parcels ?? []).map(offsetOf) : []));
  }

  /** Offsets of what it was given to park. */
  get parked(): readonly string[] {
    return this.sent.flatMap((message) => (message.type === 'quarantine' ? message.parcels.map(offsetOf) : []));
  }

  /** Room that it was granted so far. */
  get room(): number {
    return this.sent.reduce((sum, message) => sum + (message.type === 'work' ? (message.room ?? 0) : 0), 0);
  }

  /** How far it was told that the lease reaches, and in which term. */
  get leases(): readonly (readonly [number, number])[] {
    return this.sent.flatMap((message) =>
      message.type === 'lease' ? [[message.term, message.endsAtMonoMs] as const] : [],
    );
  }

  of<Type extends ToWorker['type']>(type: Type): readonly Extract<ToWorker, { type: Type }>[] {
    return this.sent.filter((message): message is Extract<ToWorker, { type: Type }> => message.type === type);
  }
}

type Flow = Extract<FromWorker, { type: 'credits' | 'read' | 'answers' }>;

export const credits = (more: number, term = 1): Flow => ({ type: 'credits', term, more });

export const read = (
  offsets: readonly number[],
  { wants = 0, term = 1, key = (at: number) => `key ${at}` } = {},
): Flow => ({
  type: 'read',
  term,
  parcels: offsets.map((offset) => wireParcel(offset, key(offset))),
  ...(wants > 0 ? { wants } : {}),
});

export const answers = (list: readonly WireAnswer[], { wants = 0, term = 1 } = {}): Flow => ({
  type: 'answers',
  term,
  answers: list,
  ...(wants > 0 ? { wants } : {}),
});

const at = (offset: number) => ({ topic: 'alarms', partition: 0, offset: String(offset) });
export const finish = (offset: number): WireAnswer => ({ at: at(offset), kind: 'finish', reason: 'recorded' });
export const forward = (offset: number): WireAnswer => ({ at: at(offset), kind: 'forward', payload: `next ${offset}` });

function wireParcel(offset: number, orderKey: string): WireParcel {
  return { at: at(offset), orderKey, payload: `payload ${offset}` };
}

function offsetOf(parcel: WireParcel): string {
  return parcel.at.offset;
}
