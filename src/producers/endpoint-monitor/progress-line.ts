import type { MonitorProgress } from './endpoint-monitor.js';

/** What a terminal shows between two blocks, cut to its width. */
export function progressText(progress: MonitorProgress, count: number, nowMonoMs: number, columns: number): string {
  const { cycle, doneCount, degradedCount, downCount, nextAtMonoMs } = progress;
  const seconds = Math.max(0, Math.ceil((nextAtMonoMs - nowMonoMs) / 1000));
  const text = `cycle ${cycle}: ${doneCount} of ${count} checked, ${degradedCount} degraded, ${downCount} down; next in ${seconds} s`;
  return text.slice(0, Math.max(0, columns - 1));
}

/** One line of a terminal that is drawn over itself. */
export class ProgressLine {
  readonly #write: (text: string) => void;
  #shown = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  draw(text: string): void {
    if (text === this.#shown) return;
    this.#write(`\r\u001b[K${text}`);
    this.#shown = text;
  }

  /** Leaves the line empty, for what is printed next. */
  erase(): void {
    if (this.#shown !== '') this.#write('\r\u001b[K');
    this.#shown = '';
  }
}
