import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FakeAlerts } from '../../src/producers/fake-alerts/fake-alerts.js';
import { startFakeAlertsServer } from '../../src/producers/fake-alerts/fake-alerts-server.js';
import { plainScript, sampleAlerts } from '../../src/producers/fake-alerts/script.js';
import { verdictLines } from '../../src/producers/fake-alerts/verdict-lines.js';
import { systemClock } from '../../src/runtime/clock.js';
import { CommandRun } from '../support/command-run.js';
import { waitFor } from '../support/wait-for.js';

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

/** CPU seconds and resident bytes of the program. */
function usage(): { readonly cpuSeconds: number; readonly residentMb: number } {
  const stat = readFileSync(`/proc/${run.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    residentMb: (Number(fields[21]) * 4_096) / 2 ** 20,
  };
}

const first = async () => ((await lags()).get('+Inf') ?? 0) >= Number(values.alerts);
await waitFor(first, 'the first round', { timeoutMs: 120_000 });
const [before, lagsBefore, startedAtMs] = [usage(), await lags(), performance.now()];
say(`after the first round: ${before.residentMb.toFixed(0)} MiB resident`);
const passed = () => performance.now() - startedAtMs >= Number(values.seconds) * 1_000;
await waitFor(passed, 'the time to pass', { timeoutMs: 3_600_000 });
const [after, lagsAfter, seconds] = [usage(), await lags(), (performance.now() - startedAtMs) / 1_000];
const count = (lagsAfter.get('+Inf') ?? 0) - (lagsBefore.get('+Inf') ?? 0);
say(`${count} evaluations in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} per second`);
const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
say(
  `CPU ${((100 * cpuSeconds) / seconds).toFixed(1)} % of one core, ${((1e6 * cpuSeconds) / count).toFixed(0)} µs each; ${after.residentMb.toFixed(0)} MiB resident`,
);
for (const [bound, total] of lagsAfter) {
  const share = (100 * (total - (lagsBefore.get(bound) ?? 0))) / count;
  if (share > 0 && Number(bound) <= 1) say(`lag up to ${Number(bound) * 1_000} ms: ${share.toFixed(2)} %`);
}
run.signal('SIGTERM');
await run.ended;
await server.close();
for (const line of verdictLines(fake, fake.report())) say(line);
