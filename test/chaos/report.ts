import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { grouped, nowMs, type Strike } from './history.js';
import { plot } from './plot.js';
import type { ChaosResult } from './run.js';

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** The longest time without a receipt while alarms came in. */
function longestPauseMs({ history, startedAtMs, loadEndedAtMs }: ChaosResult): number {
  const times = history.receipts.map(({ atMs }) => atMs).filter((atMs) => atMs >= startedAtMs && atMs <= loadEndedAtMs);
  return times.reduce((longest, atMs, index) => Math.max(longest, atMs - (times[index - 1] ?? startedAtMs)), 0);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** From SIGTERM to the end of the process. */
function stopTimes(strikes: readonly Strike[]): readonly number[] {
  return strikes
    .filter(({ kind }) => kind === 'terminate')
    .map(({ atMs, untilMs }) => untilMs - atMs)
    .sort((a, b) => a - b);
}

/** From the end of one holding of a lock to the beginning of the next, where both were seen. */
function takeOverTimes({ history }: ChaosResult): readonly number[] {
  const times: number[] = [];
  for (const list of grouped(history.holdings, ({ lock }) => lock).values())
    for (const [index, { fromMs }] of list.entries()) {
      const before = list[index - 1];
      if (before?.toMs !== undefined && before.isLostSight !== true) times.push(fromMs - before.toMs);
    }
  return times.sort((a, b) => a - b);
}

/** What a run showed, a line each. */
export function summaryOf(result: ChaosResult): readonly string[] {
  const { options, history, verdict, exits } = result;
  const applied = [...grouped(history.strikes, ({ kind }) => kind)].map(([kind, list]) => `${list.length} ${kind}`);
  const stops = stopTimes(history.strikes);
  const takeOvers = takeOverTimes(result);
  const ends = [...grouped(exits, ({ code, signal }) => signal ?? `code ${code}`)].map(
    ([how, list]) => `${list.length} ${how}`,
  );
  const peaks = [...result.samples.peaks()].map(
    ([stage, { residentMb, descriptorCount }]) => `${stage} ${residentMb.toFixed(0)} MB ${descriptorCount}`,
  );
  const perSecond = history.acked.length / ((result.loadEndedAtMs - result.startedAtMs) / 1_000);
  return [
    `profile ${options.profile}, seed ${options.seed}, lock ${options.lock}, ${options.engines} engines, ${seconds(options.totalMs)}`,
    `faults applied: ${history.strikes.length} of ${result.plannedCount} (${applied.join(', ')})`,
    `alarms acknowledged: ${history.acked.length} (${perSecond.toFixed(0)}/s), refused by Kafka: ${result.refusedCount}`,
    `receipts: ${history.receipts.length}, lost: ${verdict.lostCount}, parked: ${verdict.parkedCount}`,
    `repeats: ${verdict.repeatCount}, where ${verdict.repeatLimit} would have a cause`,
    `sent by an engine that could not know yet that its lock was gone: ${verdict.excusedCount}`,
    `longest time without a receipt: ${seconds(longestPauseMs(result))}`,
    `everything committed ${seconds(result.convergedAtMs - result.loadEndedAtMs)} after the end of the load`,
    `lock free between two holders: p50 ${seconds(quantile(takeOvers, 0.5))}, p99 ${seconds(quantile(takeOvers, 0.99))} of ${takeOvers.length}`,
    ...(stops.length > 0
      ? [
          `SIGTERM to exit: p50 ${seconds(quantile(stops, 0.5))}, p99 ${seconds(quantile(stops, 0.99))} of ${stops.length}`,
        ]
      : []),
    `engines ended: ${ends.join(', ') || 'none'}`,
    `peaks of resident memory and descriptors: ${peaks.join(', ')}`,
    ...(verdict.violations.length === 0 ? ['no violation'] : verdict.violations.map((each) => `FAILED ${each}`)),
  ];
}

/** Writes report.md and flow.svg into the folder of the run; answers with the path of the report. */
export async function writeReport(result: ChaosResult, machine: string): Promise<string> {
  const { folder, profile, seed } = result.options;
  const { history, startedAtMs, samples } = result;
  const perSecond = (times: readonly number[]) => {
    const counts = new Array<number>(Math.ceil((nowMs() - startedAtMs) / 1_000)).fill(0);
    for (const atMs of times) {
      const index = Math.floor((atMs - startedAtMs) / 1_000);
      if (index >= 0 && index < counts.length) counts[index] = (counts[index] ?? 0) + 1;
    }
    return counts;
  };
  const last = Math.ceil((result.convergedAtMs - startedAtMs) / 1_000);
  const svg = plot({
    title: `${profile}, seed ${seed}: alarms and receipts per second, and faults`,
    lines: [
      { name: 'acknowledged by Kafka', values: perSecond(history.acked.map(({ atMs }) => atMs)).slice(0, last) },
      { name: 'received', values: perSecond(history.receipts.map(({ atMs }) => atMs)).slice(0, last) },
    ],
    marks: history.strikes.map(({ kind, target, atMs }) => ({
      at: (atMs - startedAtMs) / 1_000,
      text: `${kind}: ${target}`,
    })),
  });
  await writeFile(join(folder, 'flow.svg'), svg);
  const faults = history.strikes.map(
    ({ kind, target, atMs, untilMs }) =>
      `| ${seconds(atMs - startedAtMs)} | ${kind} | ${target} | ${seconds(untilMs - atMs)} |`,
  );
  const text = [
    `# Chaos run: ${profile}, seed ${seed}`,
    '',
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine}, ${samples.list.length} samples of processes.`,
    '',
    ...summaryOf(result).map((line) => `* ${line}`),
    '',
    '![alarms, receipts and faults over time](flow.svg)',
    '',
    '| at | fault | target | for |',
    '| --- | --- | --- | --- |',
    ...faults,
    '',
  ].join('\n');
  const file = join(folder, 'report.md');
  await writeFile(file, text);
  return file;
}
