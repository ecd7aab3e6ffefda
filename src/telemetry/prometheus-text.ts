import type { MetricProgram } from './metric-spec.js';
import { bucketBounds, type Figures, type MetricSnapshot, metricNames } from './metric-store.js';
import { fullMetricName, metricSpec } from './metric-table.js';

/**
 * The text that a Prometheus server scrapes of one program; of the engine unless another is named, with what a program counted that runs
 * inside it.
 *
 * Source: Prometheus text exposition format 0.0.4.
 */
export function prometheusText(snapshot: MetricSnapshot, program?: MetricProgram): string {
  const lines: string[] = [];
  for (const name of metricNames()) {
    const { kind, help, labels: names = [], program: owner } = metricSpec(name);
    if (owner !== program && (program !== undefined || snapshot[name] === undefined)) continue;
    const fullName = fullMetricName(name);
    lines.push(`# HELP ${fullName} ${help}`, `# TYPE ${fullName} ${kind}`);
    for (const [values, figures] of snapshot[name] ?? []) {
      const labels = names.map((label, i) => `${label}="${escapeLabel(values[i] ?? '')}"`);
      if (kind === 'histogram') lines.push(...histogramLines(fullName, labels, figures));
      else lines.push(`${fullName}${braces(labels)} ${figures[0] ?? 0}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function histogramLines(fullName: string, labels: readonly string[], figures: Figures): readonly string[] {
  const [sum = 0, ...buckets] = figures;
  let count = 0;
  const lines = [...bucketBounds, '+Inf'].map((bound, i) => {
    count += buckets[i] ?? 0;
    return `${fullName}_bucket${braces([...labels, `le="${bound}"`])} ${count}`;
  });
  return [...lines, `${fullName}_sum${braces(labels)} ${sum}`, `${fullName}_count${braces(labels)} ${count}`];
}

function braces(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
