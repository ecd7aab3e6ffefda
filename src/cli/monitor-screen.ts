import { ProgressLine } from '../producers/endpoint-monitor/progress-line.js';
import type { CommandIo } from './command.js';

/** How often a line of progress is drawn at most. */
const drawEveryMs = 250;
const usualColumns = 80;

/** Where `monitor-endpoints` prints: blocks of lines and, on a terminal, a line of progress below them. */
export interface MonitorScreen {
  print(lines: readonly string[]): void;
  /** Leaves the terminal to somebody else's line. */
  makeRoom(): void;
  close(): void;
}

export interface ScreenOptions {
  readonly io: CommandIo;
  readonly hasProgress: boolean;
  /** The text of the line, for a terminal of so many columns. */
  readonly text: (columns: number) => string;
  readonly every: (ms: number, tick: () => void) => () => void;
  readonly onReaderGone: () => void;
}

export function openMonitorScreen({ io, hasProgress, text, every, onReaderGone }: ScreenOptions): MonitorScreen {
  const out = process.stdout;
  out.once('error', onReaderGone);
  const isDrawn = hasProgress && out.isTTY && process.env.TERM !== 'dumb';
  const line = new ProgressLine((words) => void out.write(words));
  // A terminal that does not know its size says 0.
  const draw = () => line.draw(text(out.columns || usualColumns));
  const stop = isDrawn ? every(drawEveryMs, draw) : () => undefined;
  return {
    print(lines) {
      line.erase();
      if (lines.length > 0) io.out(lines.join('\n'));
    },
    makeRoom: () => line.erase(),
    close() {
      stop();
      line.erase();
    },
  };
}
