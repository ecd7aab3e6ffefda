import { parseServerUrl } from '../producers/alert-exec/http-transport.js';
import { stateLines } from '../producers/alert-exec/states.js';
import { FakeAlerts } from '../producers/fake-alerts/fake-alerts.js';
import { startFakeAlertsServer } from '../producers/fake-alerts/fake-alerts-server.js';
import { plainScript, sampleAlerts } from '../producers/fake-alerts/script.js';
import { verdictLines } from '../producers/fake-alerts/verdict-lines.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { AlertExecSettings } from './alert-exec-options.js';
import { clientOf, execOf, type RunSurroundings } from './alert-exec-parts.js';
import type { ExitCode } from './command.js';

const alertCount = 10;
const faults = 0.012;
const showEveryMs = 2_000;

/** Runs against a fake server of its own for `demoMs` (0: until it is stopped), shows what happens, and judges it. 1 when not all was right. */
export async function runDemo(
  settings: AlertExecSettings,
  demoMs: number,
  { io, telemetry, request }: RunSurroundings,
): Promise<ExitCode> {
  const random = Math.floor(systemRandom() * 1e6);
  const script = plainScript(sampleAlerts(alertCount, 1, 5));
  const fake = new FakeAlerts({ script, faults, random, clock: systemClock });
  const served = await startFakeAlertsServer(fake, 0, systemClock);
  const server = parseServerUrl(`127.0.0.1:${served.port}`);
  if (server === undefined) return 1;
  io.out(
    `A fake alerts server runs on port ${served.port}: ${alertCount} alerts, interval 1 s, repeat 5 s, --random ${random}.`,
  );
  const { transport, client } = clientOf({ server }, telemetry);
  const exec = execOf({ ...settings, server }, client, telemetry);
  let shownCount = 0;
  const show = () => {
    for (const { atMs, kind, name, message } of fake.accepted.slice(shownCount)) {
      io.out(`${(atMs / 1_000).toFixed(3).padStart(8)} s  ${kind.padEnd(7)}  ${name}  ${message}`);
    }
    shownCount = fake.accepted.length;
    for (const line of stateLines(exec.states())) io.out(line);
  };
  const stopShowing = systemClock.every(showEveryMs, show);
  const limit = systemClock.limit(demoMs === 0 ? 2 ** 31 - 1 : demoMs, request.stop);
  await exec.run(limit.signal);
  limit.clear();
  stopShowing();
  show();
  transport.close();
  await served.close();
  const verdict = fake.report();
  for (const line of verdictLines(fake, verdict)) io.out(line);
  return verdict.failures.length === 0 && verdict.servedCount > 0 ? 0 : 1;
}
