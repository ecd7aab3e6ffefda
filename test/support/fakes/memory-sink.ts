import type { LineSink } from '../../../src/telemetry/line-sink.js';

/** Keeps the lines for tests to look at. */
export class MemorySink implements LineSink {
  readonly lines: string[] = [];
  dropped = 0;

  write(line: string): void {
    this.lines.push(line);
  }

  takeDropped(): number {
    const count = this.dropped;
    this.dropped = 0;
    return count;
  }

  flushSync(): void {}

  /** Every line read as JSON. */
  objects(): readonly Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }
}
