import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { FakeAlerts } from '../../src/producers/fake-alerts/fake-alerts.js';
import { startFakeAlertsServer } from '../../src/producers/fake-alerts/fake-alerts-server.js';
import { plainScript, sampleAlerts } from '../../src/producers/fake-alerts/script.js';
import { verdictLines } from '../../src/producers/fake-alerts/verdict-lines.js';
import { systemClock } from '../../src/runtime/clock.js';
import { CommandRun } from '../support/command-run.js';
import { waitFor } from '../support/wait-for.js';
import { usageOf } from './processes.js';

/**
 * `node dist/.test/test/bench/alert-exec.bench.js [--alerts N] [--interval SECONDS] [--seconds N] [-- OPTIONS OF alert-exec]`: the built
 * program against a fake server in this process; CPU and memory of the program alone, lag of its evaluations, the verdict.
 */
const { values, positionals } = parseArgs({
  options: {
    alerts: { type: 'string', default: '10000' },
    interval: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '60' },
    faults: { type: 'string', default: '0.012' },
  },
  allowPositionals: true,
});
const interval = Number(values.interval);
const script = plainScript(sampleAlerts(Number(values.alerts), interval, 100));
const fake = new FakeAlerts({ script, faults: Number(values.faults), random: 1, clock: systemClock });
const server = await startFakeAlertsServer(fake, 0, systemClock);
const url = `127.0.0.1:${server.port}`;
const run = new CommandRun(['alert-exec', '--url', url, '--metrics-listen', '0', '-l', 'info', ...positionals]);
// Whatever goes wrong here, the program does not outlive this process.
process.on('exit', () => run.signal('SIGKILL'));
const port = /"port":(\d+)/.exec(await run.line('metrics_listening'))?.[1];
const say = (text: string) => void process.stdout.write(`${text}\n`);

async function metrics(): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

async function lags(): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics()).matchAll(/^alert_exec_evaluation_lag_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm);
  return new Map([...lines].map(([, bound = '', count]) => [bound, Number(count)]));
}

/** Requests of all kinds that are no questions, so far. */
async function announcementCount(): Promise<number> {
  const lines = (await metrics()).matchAll(/^alert_exec_requests_total\{endpoint="(?:notify|resolve)".*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Milliseconds of CPU a second that the same requests cost a process that does nothing else. */
async function bareMsPerSecond(questions: number, announcements: number): Promise<number> {
  const rates = [server.port, questions, announcements, 5, 20].map(String);
  const child = fork(new URL('./bare-requests.js', import.meta.url), rates, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout === null) throw new Error('expected a pipe');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  child.disconnect();
  const report = JSON.parse(String(line)) as { readonly cpuMs: number; readonly seconds: number };
  return report.cpuMs / report.seconds;
}

const first = async () => ((await lags()).get('+Inf') ?? 0) >= Number(values.alerts);
await waitFor(first, 'the first round', { timeoutMs: 120_000 });
const pid = run.pid;
const [before, lagsBefore, toldBefore, startedAtMs] = [
  usageOf(pid),
  await lags(),
  await announcementCount(),
  performance.now(),
];
say(`after the first round: ${before.residentMb.toFixed(0)} MB resident`);
const passed = () => performance.now() - startedAtMs >= Number(values.seconds) * 1_000;
await waitFor(passed, 'the time to pass', { timeoutMs: 3_600_000 });
const [after, lagsAfter, seconds] = [usageOf(pid), await lags(), (performance.now() - startedAtMs) / 1_000];
const count = (lagsAfter.get('+Inf') ?? 0) - (lagsBefore.get('+Inf') ?? 0);
const announcements = (await announcementCount()) - toldBefore;
say(
  `${count} evaluations and ${announcements} announcements in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} evaluations per second`,
);
const cpuMs = after.cpuMs - before.cpuMs;
say(
  `CPU ${(cpuMs / seconds / 10).toFixed(1)} % of one core, ${((1e3 * cpuMs) / count).toFixed(0)} µs each; ${after.residentMb.toFixed(0)} MB resident`,
);
for (const [bound, total] of lagsAfter) {
  const share = (100 * (total - (lagsBefore.get(bound) ?? 0))) / count;
  if (share > 0 && Number(bound) <= 1) say(`lag up to ${Number(bound) * 1_000} ms: ${share.toFixed(2)} %`);
}
run.signal('SIGTERM');
await run.ended;
const verdict = verdictLines(fake, fake.report());
const bareMs = await bareMsPerSecond(count / seconds, announcements / seconds);
say(
  `the same requests by Node's client alone: ${(bareMs / 10).toFixed(1)} % of one core; alert-exec takes ${(cpuMs / seconds / bareMs).toFixed(2)} times that`,
);
await server.close();
for (const line of verdict) say(line);
