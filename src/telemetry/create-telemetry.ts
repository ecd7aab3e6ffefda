import type { Clock, Fields, Logger } from '../ports/system.js';
import { type EventName, eventSpec } from './event-table.js';
import type { LineSink } from './line-sink.js';
import { type EventLog, type LogConfig, openEventLog, pluginLogger } from './logger.js';
import { createMetricStore, type KnownLabels, type MetricSnapshot, type MetricStore } from './metric-store.js';
import { metricSpec } from './metric-table.js';
import type { Labels, Telemetry } from './telemetry.js';

export interface TelemetryOptions {
  /** Names this process on every line, as `component`: `main`, `alarm_processor-0`. */
  readonly process: string;
  readonly log: LogConfig;
  readonly sink: LineSink;
  readonly clock: Clock;
  /** In main only: what exists at 0 from the start. */
  readonly known?: KnownLabels;
}

/** The telemetry of one process, as its composition holds it; everybody else sees `Telemetry`. */
export interface ProcessTelemetry extends Telemetry {
  /** What a beat carries to main. */
  snapshot(): MetricSnapshot;
  /** The logger that plugins get: their words under one event, `plugin_message`. */
  pluginLogger(fields: Fields): Logger;
  /** Writes the repeats that are held back, before a line that is to be the last one. */
  flush(): void;
  /** For a dying process: what is held back and what waits goes out now. Further lines are lost. */
  close(): void;
}

export function createTelemetry(options: TelemetryOptions): ProcessTelemetry {
  const log = openEventLog(options.log, options.sink, options.clock);
  const store = createMetricStore(options.known);
  const countDropped = (): void => {
    const count = options.sink.takeDropped();
    if (count > 0) store.add('log_lines_dropped_total', undefined, count);
  };
  const base = { component: options.process };
  return {
    ...telemetryOver(log, store, base),
    snapshot() {
      countDropped();
      return store.snapshot();
    },
    pluginLogger: (fields) => pluginLogger(log, { ...base, ...fields }),
    flush: () => log.flush(),
    close() {
      log.close();
      options.sink.flushSync();
    },
  };
}

function telemetryOver(log: EventLog, store: MetricStore, base: Fields): Telemetry {
  return {
    event(name, fields = {}) {
      const { level, errorUnlessZero, meaning, counter } = eventSpec(name);
      if (counter !== undefined) store.add(counter, labelsOf(metricSpec(counter).labels ?? [], fields), 1);
      const isError = errorUnlessZero !== undefined && fields[errorUnlessZero] !== 0;
      writeSafely(log, isError ? 'error' : level, name, { ...base, msg: meaning, ...fields });
    },
    count: (name, labels?: Labels, by = 1) => store.add(name, labels, by),
    gauge: (name, value, labels) => store.set(name, labels, value),
    observe: (name, seconds, labels) => store.observe(name, labels, seconds),
    child: (fields) => telemetryOver(log, store, { ...base, ...fields }),
  };
}

function labelsOf(names: readonly string[], fields: Fields): Labels {
  const position = typeof fields.position === 'object' && fields.position !== null ? fields.position : {};
  const all: Fields = { ...position, ...fields };
  return Object.fromEntries(names.map((name) => [name, String(all[name] ?? '')]));
}

/** A field whose getter or `toString` throws must not end what was being told about. */
function writeSafely(log: EventLog, level: 'debug' | 'info' | 'warn' | 'error', name: EventName, fields: Fields): void {
  try {
    log.write(level, name, fields);
  } catch {
    log.write(level, name, { component: fields.component, msg: 'the fields of this event could not be read' });
  }
}
