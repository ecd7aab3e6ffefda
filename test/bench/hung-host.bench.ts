import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EngineProcess } from '../support/engine-process.js';
import { waitFor } from '../support/wait-for.js';
import { engineFile } from './engine-file.js';
import { type AddressOf, definitionCount, makeLoad, producePaced } from './load.js';
import { Sink } from './processes.js';

/*
 * How long alarms take to 100 healthy receivers while another one hangs, beside the same alarms with that one healthy, in one run.
 * Run: node dist/.test/test/bench/hung-host.bench.js [--rate N] [--seconds N] [--rounds N], with KAFKA_URL, ZOOKEEPER_URL and MYSQL_URL set.
 */
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'mon-hung-'));
const healthyCount = 100;
const limitMs = 300_000;

/** Which alarms go to the host that hangs: one in so many. */
interface Case {
  readonly name: string;
  readonly hungOneIn: number;
  readonly isHung: boolean;
}
const cases: readonly Case[] = [
  { name: 'all answer, 1 of 101 alarms to the one in question', hungOneIn: 101, isHung: false },
  { name: 'it hangs', hungOneIn: 101, isHung: true },
  { name: 'all answer, every second alarm to the one in question', hungOneIn: 2, isHung: false },
  { name: 'it hangs', hungOneIn: 2, isHung: true },
];

/** Accepts, reads, and never says a word. */
async function hungHost(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).resume());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.1.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const isForIt = (index: number, { hungOneIn }: Case) => (index % definitionCount) % hungOneIn === hungOneIn - 1;

async function tookMs(one: Case, hungPort: number): Promise<readonly number[]> {
  const sink = new Sink();
  const port = await sink.start();
  const addressOf: AddressOf = (index) => {
    if (!isForIt(index, one)) return `http://127.0.0.${1 + (index % healthyCount)}:${port}/timed`;
    // Where it answers its answers are not timed, as they are not where it hangs.
    return one.isHung ? `http://127.0.1.1:${hungPort}/untimed` : `http://127.0.1.1:${port}/untimed`;
  };
  const load = await makeLoad(0, addressOf);
  const engine = new EngineProcess(engineFile(folder, load));
  await waitFor(async () => (await engine.status()).partitions.length > 0, 'an active engine', { timeoutMs: limitMs });
  await producePaced(load, Number(values.rate), Number(values.seconds));
  const count = Number(values.rate) * Number(values.seconds);
  const expected = Array.from({ length: count }, (_, index) => index).filter((index) => !isForIt(index, one)).length;
  await waitFor(async () => (await sink.figures()).tookMs.length >= expected, 'the last alarm', { timeoutMs: limitMs });
  const took = (await sink.figures()).tookMs;
  await engine.kill();
  sink.stop();
  return took;
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const hung = await hungHost();
try {
  const all = new Map<Case, number[]>(cases.map((one) => [one, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // Back and forth, so that what else the machine does falls on both.
    for (const one of round % 2 === 0 ? cases : [...cases].reverse())
      all.get(one)?.push(...(await tookMs(one, hung.port)));
  }
  let before = 0;
  for (const [one, took] of all) {
    const sorted = took.sort((a, b) => a - b);
    const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
    const ratio = one.isHung ? `, p99 ${(p99 / before).toFixed(2)} times that of the run without` : '';
    process.stdout.write(
      `${one.name}: ${sorted.length} alarms to the others, p50 ${p50} ms, p99 ${p99} ms, longest ${sorted.at(-1)} ms${ratio}\n`,
    );
    before = p99;
  }
} finally {
  hung.close();
  rmSync(folder, { recursive: true, force: true });
}
