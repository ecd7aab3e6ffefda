const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Text that prints `<redacted>` whatever prints it; `reveal` is called by the code that puts it on the wire, and by nothing else. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** True for an empty text, which asks for no credential at all. */
  get isEmpty(): boolean {
    return this.#value === '';
  }

  toString(): string {
    return '<redacted>';
  }

  toJSON(): string {
    return '<redacted>';
  }

  [inspect](): string {
    return '<redacted>';
  }
}
