import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineProcess } from '../support/engine-process.js';
import { requireServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';
import { engineFile } from './engine-file.js';
import { type Load, makeLoad, producePaced } from './load.js';
import { Sink, type Usage, usageOf } from './processes.js';

/** `npm run bench [-- --webhooks N --unasked N --seconds N]`: the engine beside its bare parts, in one run, on the same services. */
const { values } = parseArgs({
  options: {
    webhooks: { type: 'string', default: '40000' },
    unasked: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '15' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'mon-bench-'));
const limitMs = 300_000;

interface Result {
  readonly name: string;
  readonly perSecond: number;
  readonly cpuMsEach: number;
  readonly residentMb: number;
  readonly repeats: number;
  readonly parts: readonly (readonly [name: string, cpuMsEach: number, residentMb: number])[];
}

/** Runs the built engine over the load, counted from its first finished alarm to its last. */
async function runEngine(name: string, load: Load, sink: Sink): Promise<Result> {
  const engine = new EngineProcess(engineFile(folder, load));
  const finished = async () => {
    const text = await metrics(engine);
    return [...text.matchAll(/^mon_notification_alarms_finished_total\{[^}]*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };
  await waitFor(async () => (await finished()) > 0, 'the first alarm', { timeoutMs: limitMs });
  const begun = await finished();
  const startedAtMs = performance.now();
  const { workers } = await engine.status();
  const pids: [string, number][] = [
    ['main', engine.pid],
    ...workers.map(({ stage, pid }): [string, number] => [stage, pid]),
  ];
  const before = new Map(pids.map(([, pid]) => [pid, usageOf(pid)]));
  await waitFor(async () => (await finished()) >= load.count, 'the last alarm', { timeoutMs: limitMs });
  const seconds = (performance.now() - startedAtMs) / 1000;
  const each = load.count - begun;
  const parts = pids.map(([part, pid]): [string, number, number] => {
    const after = usageOf(pid);
    return [part, (after.cpuMs - (before.get(pid) as Usage).cpuMs) / each, after.residentMb];
  });
  await engine.stop();
  const { count, distinct } = await sink.figures();
  const total = (index: 1 | 2) => parts.reduce((sum, part) => sum + part[index], 0);
  return {
    name,
    perSecond: each / seconds,
    cpuMsEach: total(1),
    residentMb: total(2),
    repeats: count - distinct,
    parts,
  };
}

/** One alarm at a time: how long from its writing to the receiver. */
async function runPaced(load: Load, sink: Sink, perSecond: number, seconds: number): Promise<string> {
  const engine = new EngineProcess(engineFile(folder, load));
  await waitFor(async () => (await engine.status()).partitions.length > 0, 'an active engine', { timeoutMs: limitMs });
  await producePaced(load, perSecond, seconds);
  const count = perSecond * seconds;
  await waitFor(async () => (await sink.figures()).count >= count, 'the last alarm', { timeoutMs: limitMs });
  const took = [...(await sink.figures()).tookMs].sort((a, b) => a - b);
  await engine.stop();
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
  return `engine, ${perSecond} alarms/s: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${took.at(-1)} ms from alarm to receiver\n`;
}

async function metrics(engine: EngineProcess): Promise<string> {
  return (await engine.get('/metrics')).text;
}

async function runBare(load: Load): Promise<Result> {
  const { kafkaUrl } = requireServices();
  const child = fork(new URL('./bare-pipeline.js', import.meta.url), [JSON.stringify({ ...load, kafkaUrl })]);
  const startedAtMs = performance.now();
  await new Promise((resolve) => child.once('message', resolve));
  const seconds = (performance.now() - startedAtMs) / 1000;
  const usage = usageOf(child.pid ?? 0);
  child.disconnect();
  const parts = [['one process', usage.cpuMs / load.count, usage.residentMb]] as const;
  return {
    name: 'bare parts',
    perSecond: load.count / seconds,
    cpuMsEach: usage.cpuMs / load.count,
    residentMb: usage.residentMb,
    repeats: 0,
    parts,
  };
}

function print(result: Result): void {
  const line = (name: string, cpuMsEach: number, residentMb: number) =>
    `  ${name.padEnd(30)} ${cpuMsEach.toFixed(4).padStart(8)} ms CPU each ${residentMb.toFixed(0).padStart(6)} MB\n`;
  process.stdout.write(`${result.name}: ${result.perSecond.toFixed(0)}/s, ${result.repeats} repeats\n`);
  for (const [name, cpuMsEach, residentMb] of result.parts) process.stdout.write(line(name, cpuMsEach, residentMb));
  process.stdout.write(line('together', result.cpuMsEach, result.residentMb));
}

async function withSink<T>(run: (sink: Sink, address: string) => Promise<T>): Promise<T> {
  const sink = new Sink();
  try {
    return await run(sink, `http://127.0.0.1:${await sink.start()}/hook`);
  } finally {
    sink.stop();
  }
}

process.stdout.write(
  `node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model}), services on the same machine\n`,
);
try {
  const bare = await withSink(async (_sink, address) => runBare(await makeLoad(Number(values.webhooks), address)));
  print(bare);
  const webhooks = await withSink(async (sink, address) =>
    runEngine('engine, one webhook each', await makeLoad(Number(values.webhooks), address), sink),
  );
  print(webhooks);
  process.stdout.write(
    `ratio to the bare parts: rate ${(webhooks.perSecond / bare.perSecond).toFixed(2)}, CPU ${(webhooks.cpuMsEach / bare.cpuMsEach).toFixed(2)}\n`,
  );
  const unasked = await withSink(async (sink) =>
    runEngine('engine, nobody asked', await makeLoad(Number(values.unasked), undefined), sink),
  );
  print(unasked);
  const paced = await withSink(async (sink, address) =>
    runPaced(await makeLoad(0, address.replace('/hook', '/timed')), sink, 50, Number(values.seconds)),
  );
  process.stdout.write(paced);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
