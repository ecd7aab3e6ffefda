import type { Holding } from './history.js';

/** Whoever looks less often has not seen who held a lock in between. */
const blindMs = 250;

interface Present {
  readonly node: string;
  readonly holding: Holding;
  seenAtMs: number;
}

/** Makes holdings of looks at locks. In a time without looks nobody is known to hold anything: the server was away, or our session. */
export class HoldingLog {
  readonly holdings: Holding[] = [];
  readonly #present = new Map<string, Present>();

  /** Node and holder of each lock as last seen. */
  get present(): readonly { readonly node: string; readonly holding: Holding }[] {
    return [...this.#present.values()];
  }

  /** Whether the last look at `lock` saw this node, and not too long ago; it counts as a look. */
  isStill(lock: string, node: string | undefined, atMs: number): boolean {
    const present = this.#present.get(lock);
    if (present?.node !== node) return false;
    if (present === undefined) return true;
    if (atMs - present.seenAtMs > blindMs) return false;
    present.seenAtMs = atMs;
    return true;
  }

  /** A look that saw another node, or none, or the same after a time without looks. */
  changed(lock: string, seen: { readonly node: string; readonly engine: number } | undefined, atMs: number): void {
    const before = this.#present.get(lock);
    this.#present.delete(lock);
    if (before !== undefined) {
      before.holding.isLostSight = atMs - before.seenAtMs > blindMs;
      before.holding.toMs = before.holding.isLostSight ? before.seenAtMs : atMs;
    }
    if (seen === undefined) return;
    const holding: Holding = { lock, engine: seen.engine, fromMs: atMs, toMs: undefined };
    this.holdings.push(holding);
    this.#present.set(lock, { node: seen.node, holding, seenAtMs: atMs });
  }
}
