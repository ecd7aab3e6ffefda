import type { MetricProgram } from './metric-spec.js';
import { isMetricName, type MetricName, metricSpec, metricTable } from './metric-table.js';
import type { Labels } from './telemetry.js';

/**
 * The figures of one series: `[value]` of a counter or gauge; of a histogram the sum of what was observed, then how often each of
 * `bucketBounds` was the first to hold it, then how often none was.
 */
export type Figures = readonly number[];

/** All series of one process as plain JSON: per metric a list of label values (in the order of the table) with their figures. */
export type MetricSnapshot = Readonly<Partial<Record<MetricName, readonly (readonly [readonly string[], Figures])[]>>>;

/** Upper bounds of all histograms, in seconds: from one query to a notification that was retried for an hour. */
export const bucketBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
] as const;

/** Values of labels that come with the configuration; their series exist at 0 from the start, those of `program` and no other. */
export type KnownLabels = Readonly<{ type?: readonly string[]; stage?: readonly string[]; program?: MetricProgram }>;

/** Beyond this many series a metric takes no new ones: they all count under the label value `other`. */
const seriesLimit = 2000;

interface Series {
  readonly labels: readonly string[];
  readonly figures: number[];
}

/** Counts what one process sees. Adding is cheap and never throws, and adding 0 makes a series known; figures that are not finite are ignored. */
export interface MetricStore {
  add(name: MetricName, labels: Labels | undefined, by: number): void;
  set(name: MetricName, labels: Labels | undefined, value: number): void;
  observe(name: MetricName, labels: Labels | undefined, seconds: number): void;
  snapshot(): MetricSnapshot;
}

/** Without `known` a series exists once something was counted: workers send no zeros. */
export function createMetricStore(known?: KnownLabels): MetricStore {
  const metrics = new Map<MetricName, Map<string, Series>>();
  for (const name of metricNames()) metrics.set(name, known === undefined ? new Map() : zeroSeries(name, known));

  const seriesOf = (name: MetricName, labels: Labels | undefined): Series => {
    const names = metricSpec(name).labels;
    const all = seriesMap(metrics, name);
    const key = names === undefined ? '' : keyOf(names, labels);
    return all.get(key) ?? newSeries(name, all, key, names?.map((label) => labels?.[label] ?? '') ?? []);
  };
  return {
    add(name, labels, by) {
      if (by >= 0 && Number.isFinite(by)) bump(seriesOf(name, labels).figures, 0, by);
    },
    set(name, labels, value) {
      if (Number.isFinite(value)) seriesOf(name, labels).figures[0] = value;
    },
    observe(name, labels, seconds) {
      if (!(seconds >= 0 && Number.isFinite(seconds))) return;
      const { figures } = seriesOf(name, labels);
      bump(figures, 0, seconds);
      bump(figures, 1 + bucketOf(seconds), 1);
    },
    snapshot: () => {
      const snapshot: Partial<Record<MetricName, (readonly [readonly string[], Figures])[]>> = {};
      for (const [name, all] of metrics) {
        if (all.size > 0) snapshot[name] = [...all.values()].map(({ labels, figures }) => [labels, [...figures]]);
      }
      return snapshot;
    },
  };
}

/** Every name of the table, in its order. */
export function metricNames(): readonly MetricName[] {
  return Object.keys(metricTable).filter(isMetricName);
}

/** How many figures a series of this metric has. */
export function figureCount(name: MetricName): number {
  return metricSpec(name).kind === 'histogram' ? bucketBounds.length + 2 : 1;
}

function seriesMap(metrics: Map<MetricName, Map<string, Series>>, name: MetricName): Map<string, Series> {
  return metrics.get(name) ?? new Map();
}

function keyOf(names: readonly string[], labels: Labels | undefined): string {
  let key = '';
  for (const name of names) key += `${labels?.[name] ?? ''}\u0000`;
  return key;
}

function newSeries(name: MetricName, all: Map<string, Series>, key: string, labels: readonly string[]): Series {
  if (all.size >= seriesLimit) {
    const others = labels.map(() => 'other');
    const shared = all.get('other');
    if (shared !== undefined) return shared;
    return remember(name, all, 'other', others);
  }
  return remember(name, all, key, labels);
}

function remember(name: MetricName, all: Map<string, Series>, key: string, labels: readonly string[]): Series {
  const series = { labels, figures: new Array<number>(figureCount(name)).fill(0) };
  all.set(key, series);
  return series;
}

function bump(figures: number[], index: number, by: number): void {
  figures[index] = (figures[index] ?? 0) + by;
}

function bucketOf(seconds: number): number {
  let index = 0;
  for (const bound of bucketBounds) {
    if (seconds <= bound) return index;
    index += 1;
  }
  return index;
}

/** The series that exist before anything happened: all combinations of the known values, or none when a label is not known. */
function zeroSeries(name: MetricName, known: KnownLabels): Map<string, Series> {
  const spec = metricSpec(name);
  if (spec.program !== known.program) return new Map();
  const names = spec.labels ?? [];
  const valuesOf = (label: string, index: number): readonly string[] => {
    if (spec.values !== undefined && index === names.length - 1) return spec.values;
    if (label === 'type') return [...(known.type ?? []), ...(spec.otherType === undefined ? [] : [spec.otherType])];
    return label === 'stage' ? (known.stage ?? []) : [];
  };
  let combinations: readonly (readonly string[])[] = [[]];
  for (const [index, label] of names.entries()) {
    combinations = combinations.flatMap((head) => valuesOf(label, index).map((value) => [...head, value]));
  }
  const all = new Map<string, Series>();
  for (const labels of combinations) {
    const key = labels.map((value) => `${value}\u0000`).join('');
    remember(name, all, key, labels);
  }
  return all;
}
