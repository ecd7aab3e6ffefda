/** A place in a configuration file, both numbers from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong, or only strange, in a configuration file. `key` is the dotted name as written, or `(file)`. Never quotes a secret. */
export interface Problem extends Place {
  readonly file: string;
  readonly key: string;
  readonly message: string;
}

/** The start of the file: where something is missing altogether, or where the file as a whole is meant. */
export const fileStart: Place = { line: 1, column: 1 };

/** `file:line:column key: message`, the one form in which people and scripts see a problem. */
export function problemText(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column} ${problem.key}: ${problem.message}`;
}

/** Gathers everything that is to be said about one file, so that all of it comes at once. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Something that makes the configuration unusable. */
  problem(place: Place, key: string, message: string): void {
    this.problems.push(this.#at(place, key, message));
  }

  /** Something that the operator ought to know and that stops nothing. */
  warning(place: Place, key: string, message: string): void {
    this.warnings.push(this.#at(place, key, message));
  }

  #at({ line, column }: Place, key: string, message: string): Problem {
    // A key of any file: one line, whatever is in it.
    const isPlain = /^[^\s\p{Cc}]{1,200}$/u.test(key);
    return { file: this.#file, line, column, key: isPlain ? key : JSON.stringify(key.slice(0, 200)), message };
  }

  /** Everything in the order of the file. */
  sorted(): { problems: readonly Problem[]; warnings: readonly Problem[] } {
    const byPlace = (a: Problem, b: Problem) => a.line - b.line || a.column - b.column;
    return { problems: this.problems.toSorted(byPlace), warnings: this.warnings.toSorted(byPlace) };
  }
}
