/** Tells which repeats of a line are worth writing. */
export interface RepeatLimit<Line> {
  /** Undefined for a line to hold back; else how many of its kind were held back since the last one. */
  admit(key: string, line: Line, nowMonoMs: number): number | undefined;
  /** Lines whose time is over while repeats were held back: the last of each, with the count. */
  overdue(nowMonoMs: number): readonly { readonly line: Line; readonly suppressed: number }[];
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
      return over
        .filter(([, kind]) => kind.suppressed > 0)
        .map(([, kind]) => ({ line: kind.last, suppressed: kind.suppressed }));
    },
  };
}
