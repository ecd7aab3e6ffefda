import type { Clock, Fields, Logger } from '../ports/system.js';
import type { LineSink } from './line-sink.js';
import { jsonLine, type Level, type LogLine, plainFields, textLine } from './log-line.js';
import { createRepeatLimit } from './repeat-limit.js';

export interface LogConfig {
  readonly level: Level;
  readonly format: 'json' | 'text';
  /** Repeats of warnings are written too: for programs that promise a line for each failure. */
  readonly everyLine?: true;
}

/**
 * Writes events as lines: below the level nothing, of repeated warnings and errors one per 10 s with the count of the others.
 *
 * What is held back is written before the next line of level info: that may say how the matter went on, and who reads `kafka_back` must
 * not read of what came before it afterwards.
 */
export interface EventLog {
  /** The field `msg` holds the words. */
  write(level: Level, event: string, fields: Fields): void;
  /** Writes what is held back. */
  flush(): void;
  close(): void;
}

const rank: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const repeatWindowMs = 10_000;
/** What makes two lines of one event different enough to write both at once. */
const kindFields = ['code', 'component', 'system', 'stage', 'worker', 'topic', 'partition', 'key', 'workers'] as const;

export function openEventLog(config: LogConfig, sink: LineSink, clock: Clock): EventLog {
  const format = config.format === 'json' ? jsonLine : textLine;
  const repeats = createRepeatLimit<LogLine>(repeatWindowMs);
  const put = (line: LogLine, suppressed: number): void =>
    sink.write(format(suppressed === 0 ? line : { ...line, fields: { ...line.fields, suppressed } }));
  const putHeld = (held: ReturnType<typeof repeats.release>): void => {
    for (const { line, suppressed } of held) put(line, suppressed);
  };
  const stopTicking = clock.every(repeatWindowMs / 2, () => putHeld(repeats.overdue(clock.monoMs())));
  const flush = (): void => putHeld(repeats.overdue(Number.POSITIVE_INFINITY));
  return {
    flush,
    write(level, event, fields) {
      if (rank[level] < rank[config.level]) return;
      const { msg, ...plain } = plainFields(fields);
      const line = { atMs: clock.nowMs(), level, event, msg: String(msg), fields: plain };
      if (level === 'info') putHeld(repeats.release());
      if (rank[level] < rank.warn || config.everyLine) return put(line, 0);
      const suppressed = repeats.admit(kindOf(line), line, clock.monoMs());
      if (suppressed !== undefined) put(line, suppressed);
    },
    close() {
      stopTicking();
      flush();
    },
  };
}

function kindOf(line: LogLine): string {
  return [line.event, ...kindFields.map((name) => String(line.fields[name] ?? ''))].join('\u0000');
}

/** The logger that plugins get: their words under one event, `plugin_message`. */
export function pluginLogger(log: EventLog, fields: Fields): Logger {
  const at =
    (level: Level) =>
    (message: string, more: Fields = {}): void =>
      log.write(level, 'plugin_message', { ...fields, ...more, msg: message });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => pluginLogger(log, { ...fields, ...more }),
  };
}
