import { type Figures, figureCount, type MetricSnapshot, metricNames } from './metric-store.js';
import { isMetricName, type MetricName, metricSpec } from './metric-table.js';
import { prometheusText } from './prometheus-text.js';

/** The figures of the whole engine, gathered in main. */
export interface MergedMetrics {
  /** Takes the latest snapshot of a worker, as it came over the wire; one that is not a snapshot is ignored. */
  update(worker: string, snapshot: unknown): void;
  /** A worker is dead: what it counted stays counted, what it measured is over. */
  retire(worker: string): void;
  /** All processes as one snapshot. */
  total(): MetricSnapshot;
  /** Per process, with what its dead predecessors counted; `main` is this process. */
  perProcess(): ReadonlyMap<string, MetricSnapshot>;
  /** One scrape in the Prometheus text format. */
  text(): string;
}

/** `own` is read at each call. A worker that counts without end of labels is cut by its own store. */
export function createMergedMetrics(own: () => MetricSnapshot): MergedMetrics {
  const living = new Map<string, MetricSnapshot>();
  const retired = new Map<string, MetricSnapshot>();
  const perProcess = (): Map<string, MetricSnapshot> => {
    const all = new Map([['main', own()]]);
    for (const worker of new Set([...retired.keys(), ...living.keys()])) {
      all.set(worker, mergeSnapshots([retired.get(worker) ?? {}, living.get(worker) ?? {}]));
    }
    return all;
  };
  const total = (): MetricSnapshot => mergeSnapshots([...perProcess().values()]);
  return {
    update(worker, snapshot) {
      const parsed = parseSnapshot(snapshot);
      if (parsed !== undefined) living.set(worker, parsed);
    },
    retire(worker) {
      const last = living.get(worker);
      if (last === undefined) return;
      living.delete(worker);
      retired.set(worker, mergeSnapshots([retired.get(worker) ?? {}, withoutGauges(last)]));
    },
    total,
    perProcess,
    text: () => prometheusText(total()),
  };
}

/** Adds up counters and histograms; of gauges the sum or the greatest, as the table says. */
function mergeSnapshots(snapshots: readonly MetricSnapshot[]): MetricSnapshot {
  const merged: Partial<Record<MetricName, (readonly [readonly string[], Figures])[]>> = {};
  for (const name of metricNames()) {
    const spec = metricSpec(name);
    const isGreatest = spec.kind === 'gauge' && spec.merge !== 'sum';
    const series = new Map<string, readonly [readonly string[], number[]]>();
    for (const [labels, figures] of snapshots.flatMap((snapshot) => snapshot[name] ?? [])) {
      const key = labels.join('\u0000');
      const sum = series.get(key)?.[1];
      if (sum === undefined) series.set(key, [labels, [...figures]]);
      else for (const [i, figure] of figures.entries()) sum[i] = combine(isGreatest, sum[i] ?? 0, figure);
    }
    if (series.size > 0) merged[name] = [...series.values()];
  }
  return merged;
}

function combine(isGreatest: boolean, a: number, b: number): number {
  return isGreatest ? Math.max(a, b) : a + b;
}

function withoutGauges(snapshot: MetricSnapshot): MetricSnapshot {
  const entries = Object.entries(snapshot).filter(([name]) => isMetricName(name) && metricSpec(name).kind !== 'gauge');
  return Object.fromEntries(entries);
}

function parseSnapshot(value: unknown): MetricSnapshot | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const snapshot: Partial<Record<MetricName, (readonly [readonly string[], Figures])[]>> = {};
  for (const [name, series] of Object.entries(value)) {
    if (!isMetricName(name) || !Array.isArray(series)) return undefined;
    const parsed = series.map((one) => parseSeries(name, one));
    const valid = parsed.filter((one) => one !== undefined);
    if (valid.length < parsed.length) return undefined;
    snapshot[name] = valid;
  }
  return snapshot;
}

function parseSeries(name: MetricName, series: unknown): readonly [readonly string[], Figures] | undefined {
  if (!Array.isArray(series)) return undefined;
  const [labels, figures]: unknown[] = series;
  if (!Array.isArray(labels) || labels.length !== (metricSpec(name).labels?.length ?? 0)) return undefined;
  if (!Array.isArray(figures) || figures.length !== figureCount(name)) return undefined;
  const texts = labels.filter((label): label is string => typeof label === 'string');
  const numbers = figures.filter((figure): figure is number => Number.isFinite(figure));
  return texts.length === labels.length && numbers.length === figures.length ? [texts, numbers] : undefined;
}
