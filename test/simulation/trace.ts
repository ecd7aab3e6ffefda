/** What happened, as one number, and as text for people when they ask for it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #isKept: boolean;
  #low = 0x811c9dc5;
  #high = 0x01000193;

  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  add(atMs: number, who: string, what: string): void {
    const line = `${atMs.toFixed(3).padStart(11)} ${who.padEnd(28)} ${what}`;
    for (let index = 0; index < line.length; index += 1) {
      const code = line.charCodeAt(index);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ code, 0x85ebca6b) + 0x9e3779b9;
    }
    if (this.#isKept) this.lines.push(line);
  }

  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
