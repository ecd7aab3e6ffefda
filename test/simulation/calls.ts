export type PortKind = 'zookeeper' | 'kafka' | 'mysql' | 'receiver' | 'ipc';

/**
 * What becomes of one call. A process dies before the call is out, or as soon as it is; a call that fails is not carried out; one that
 * loses its answer is.
 */
export type Fate = 'passes' | 'dies before' | 'dies after' | 'fails' | 'loses the answer';

/** The channel between two processes of a host is reliable: it ends with one of them, and never drops anything before. */
const fatesOf: Readonly<Record<PortKind, readonly Fate[]>> = {
  zookeeper: ['dies before', 'dies after', 'fails', 'loses the answer'],
  kafka: ['dies before', 'dies after', 'fails', 'loses the answer'],
  mysql: ['dies before', 'fails', 'loses the answer'],
  receiver: ['dies before', 'dies after', 'fails', 'loses the answer'],
  ipc: ['dies before', 'dies after'],
};

/** One call of one host, by its number from the start of the world, and what happens to it. */
export interface CallPoint {
  readonly call: number;
  readonly kind: PortKind;
  readonly fate: Fate;
}

/** Counts the calls that the processes of one host make to servers, receivers and each other, and lets at most one go wrong. */
export class CallCounter {
  readonly kinds: PortKind[] = [];
  readonly #point: CallPoint | undefined;
  readonly #onStruck: (point: CallPoint) => void;

  constructor(point: CallPoint | undefined, onStruck: (point: CallPoint) => void) {
    this.#point = point;
    this.#onStruck = onStruck;
  }

  next(kind: PortKind): Fate {
    this.kinds.push(kind);
    const point = this.#point;
    if (point === undefined || this.kinds.length !== point.call) return 'passes';
    this.#onStruck(point);
    return point.fate;
  }
}

/** Every way in which one of these calls can go wrong. */
export function allPoints(kinds: readonly PortKind[]): readonly CallPoint[] {
  return kinds.flatMap((kind, index) => fatesOf[kind].map((fate) => ({ call: index + 1, kind, fate })));
}
