/** What was held back: the last line of a kind, and how many there were. */
interface Held<Line> {
  readonly line: Line;
  readonly suppressed: number;
}

/** Tells which repeats of a line are worth writing. */
export interface RepeatLimit<Line> {
  /** Undefined for a line to hold back; else how many of its kind were held back since the last one. */
  admit(key: string, line: Line, nowMonoMs: number): number | undefined;
  /** What was held back and whose time is over. */
  overdue(nowMonoMs: number): readonly Held<Line>[];
  /** All that is held back now; further repeats are held back until the time is over. */
  release(): readonly Held<Line>[];
}

interface Kind<Line> {
  readonly untilMonoMs: number;
  suppressed: number;
  last: Line;
}

/** Lets one line of a kind through per `windowMs`. Beyond `kindsLimit` kinds at a time nothing is held back. Pure. */
export function createRepeatLimit<Line>(windowMs: number, kindsLimit = 1000): RepeatLimit<Line> {
  const kinds = new Map<string, Kind<Line>>();
  return {
    admit(key, line, nowMonoMs) {
      const kind = kinds.get(key);
      if (kind !== undefined && nowMonoMs < kind.untilMonoMs) {
        kind.suppressed += 1;
        kind.last = line;
        return undefined;
      }
      if (kind !== undefined || kinds.size < kindsLimit) {
        kinds.set(key, { untilMonoMs: nowMonoMs + windowMs, suppressed: 0, last: line });
      }
      return kind?.suppressed ?? 0;
    },
    overdue(nowMonoMs) {
      const over = [...kinds].filter(([, kind]) => nowMonoMs >= kind.untilMonoMs);
      for (const [key] of over) kinds.delete(key);
      return heldOf(over.map(([, kind]) => kind));
    },
    release() {
      const held = heldOf([...kinds.values()]);
      for (const kind of kinds.values()) kind.suppressed = 0;
      return held;
    },
  };
}

function heldOf<Line>(kinds: readonly Kind<Line>[]): readonly Held<Line>[] {
  return kinds.filter(({ suppressed }) => suppressed > 0).map(({ last, suppressed }) => ({ line: last, suppressed }));
}
