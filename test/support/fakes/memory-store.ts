import type { StateStore } from '../../../src/producers/state-file.js';

/** A state file in memory, which can fail. */
export class MemoryStore implements StateStore {
  readonly name = 'memory';
  text: string | undefined;
  aside: string | undefined;
  writeCount = 0;
  failure: Error | undefined;

  constructor(text?: string) {
    this.text = text;
  }

  async read(): Promise<string | undefined> {
    return this.text;
  }

  async replace(text: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.writeCount += 1;
    this.text = text;
  }

  async putAside(): Promise<void> {
    this.aside = this.text;
  }
}
