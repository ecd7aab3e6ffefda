import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { lookup } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EndpointMonitor } from '../../src/producers/endpoint-monitor/endpoint-monitor.js';
import { HostLookups } from '../../src/producers/endpoint-monitor/host-lookups.js';
import { HttpProber } from '../../src/producers/endpoint-monitor/prober.js';
import { systemClock } from '../../src/runtime/clock.js';
import { keepPausesShort } from '../../src/runtime/small-heap.js';
import { endpointsOf } from '../support/endpoints.js';

/*
 * By how much latencies are measured too long: 5,000 endpoints in cycles of 15 s on one core, 300 of which hang, beside a server on another
 * core that knows how long each of its answers took.
 * Run: node dist/.test/test/bench/endpoint-latency.bench.js [--count N] [--hanging N] [--cycles N]
 * On a machine that is busy with something else: `nice -n -20 node …`, as root.
 */
const everyMs = 15_000;
const thresholdMs = 500;

/** Answers `/NAME?ms=N` after N ms by its own clock, and remembers how long it really took; without `ms` it never answers. */
function serve(): void {
  const took = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const begunMs = performance.now();
    const url = new URL(request.url ?? '/', 'http://server');
    const ms = url.searchParams.get('ms');
    request.resume();
    if (ms === null) return;
    setTimeout(() => {
      const name = url.pathname.slice(1);
      took.set(name, [...(took.get(name) ?? []), performance.now() - begunMs]);
      response.end('ok');
    }, Number(ms));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : 0);
  });
  process.on('message', () => process.send?.([...took]));
  process.on('disconnect', () => process.exit());
}

function place(pid: number, core: number): void {
  if (cpus().length > 1) execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
}

async function measure(
  server: ChildProcess,
  options: { count: number; hanging: number; cycles: number },
): Promise<void> {
  const [port] = await once(server, 'message');
  const { count, hanging, cycles } = options;
  const isHanging = (index: number) =>
    Math.floor(((index + 1) * hanging) / count) > Math.floor((index * hanging) / count);
  const endpoints = endpointsOf(
    ...Array.from({ length: count }, (_, index) => {
      const name = `e${index}`;
      const query = isHanging(index) ? '' : `?ms=${10 + ((index * 7919) % 400)}`;
      return { name, url: `http://127.0.0.1:${port}/${name}${query}` };
    }),
  );
  const lookups = new HostLookups((host, answer) => lookup(host, { all: true }, answer), systemClock, 4);
  const rules = { thresholdMs, isExclusive: false };
  const wires = { followsRedirects: true, reusesConnections: true, idleMs: 2.5 * everyMs, lookups };
  const prober = new HttpProber({ rules, ...wires, clock: systemClock });
  const measured = new Map<string, number[]>();
  let before = process.cpuUsage();
  const ears: ConstructorParameters<typeof EndpointMonitor>[0]['ears'] = {
    checked: ({ endpoint, status, latencyMs }) => {
      if (status !== undefined) measured.set(endpoint.name, [...(measured.get(endpoint.name) ?? []), latencyMs]);
    },
    disturbed: () => console.log('a check was disturbed'),
    startsMissed: (missed) => console.log(`${missed} starts missed`),
    cycleEnded: ({ number, lagMs, durationMs, loopDelayMs }) => {
      const { user, system } = process.cpuUsage(before);
      before = process.cpuUsage();
      const cpu = `${((user + system) / 1000 / count).toFixed(3)} ms CPU per check`;
      const times = `late ${lagMs.toFixed(1)} ms, took ${durationMs.toFixed(0)} ms, loop delay ${loopDelayMs.toFixed(0)} ms`;
      console.log(`cycle ${number}: ${times}, ${cpu}, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
    },
  };
  const durationMs = (cycles - 1) * everyMs + 5_000;
  const clock = systemClock;
  await new EndpointMonitor({ endpoints, prober, clock, everyMs, durationMs, thresholdMs, ears }).run(
    new AbortController().signal,
  );
  prober.close();
  server.send('figures');
  const [took] = await once(server, 'message');
  for (let cycle = 0; cycle < cycles; cycle += 1) console.log(`cycle ${cycle + 1}: ${tooLong(took, measured, cycle)}`);
}

function tooLong(took: readonly [string, number[]][], measured: ReadonlyMap<string, number[]>, cycle: number): string {
  const all = took
    .flatMap(([name, real]) => (measured.get(name)?.[cycle] ?? Number.NaN) - (real[cycle] ?? Number.NaN))
    .filter((ms) => !Number.isNaN(ms))
    .sort((a, b) => a - b);
  const at = (share: number) => all[Math.min(all.length - 1, Math.floor(all.length * share))]?.toFixed(2);
  return `${all.length} answers measured too long by p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

if (process.argv[2] === 'serve') serve();
else {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '5000' },
      hanging: { type: 'string', default: '300' },
      cycles: { type: 'string', default: '3' },
    },
  });
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  place(process.pid, 0);
  place(server.pid ?? 0, Math.min(1, cpus().length - 1));
  console.log(
    `node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model}), load ${loadavg()[0]?.toFixed(1)}`,
  );
  // As the command does.
  keepPausesShort();
  await measure(server, {
    count: Number(values.count),
    hanging: Number(values.hanging),
    cycles: Number(values.cycles),
  });
  server.disconnect();
}
