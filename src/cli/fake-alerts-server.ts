import { readFileText } from '../config/read-file.js';
import { ConfigurationError } from '../domain/errors.js';
import { untilAborted } from '../domain/until-aborted.js';
import { FakeAlerts } from '../producers/fake-alerts/fake-alerts.js';
import { startFakeAlertsServer } from '../producers/fake-alerts/fake-alerts-server.js';
import { parseScript, plainScript, type Script, sampleAlerts } from '../producers/fake-alerts/script.js';
import { verdictLines } from '../producers/fake-alerts/verdict-lines.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { listenForStop } from '../runtime/shutdown.js';
import type { Command } from './command.js';
import { clampedOption, numberOption } from './number-option.js';

const reportEveryMs = 300_000;
const scriptMaxBytes = 64 * 1024 * 1024;

/** Serves alerts, values and faults to a client such as `alert-exec`, and judges what it does. */
export const command: Command = {
  options: {
    port: { value: 'PORT', description: 'port on the loopback address, 0 = any free one (default 9001)' },
    faults: { value: 'SHARE', description: 'share of calls answered with 500 (default 0.012)' },
    random: { value: 'NUMBER', description: 'the same number gives the same values and faults (default: by chance)' },
    script: {
      value: 'FILE',
      description: 'alerts, values and answers as JSON (default: 10 alerts with random values)',
    },
    debug: { short: 'd', description: 'print each call' },
  },
  async run(args, io) {
    const port = numberOption(args, 'port', { byDefault: 9_001, least: 0, most: 65_535 });
    const faults = numberOption(args, 'faults', { byDefault: 0.012, least: 0, most: 1 });
    const byChance = Math.floor(systemRandom() * 1e6);
    const random = clampedOption(args, 'random', { byDefault: byChance, least: 0, most: Number.MAX_SAFE_INTEGER });
    const script = scriptIn(args.text('script'));
    const onCall = args.has('debug') ? { onCall: (line: string) => io.out(line) } : {};
    const fake = new FakeAlerts({ script, faults, random, clock: systemClock, ...onCall });
    const server = await startFakeAlertsServer(fake, port, systemClock);
    const request = listenForStop();
    io.out(
      `listening on 127.0.0.1:${server.port} with ${script.alerts.length} alerts, --random ${random}, --faults ${faults}`,
    );
    let failureCount = 0;
    const report = () => {
      const verdict = fake.report();
      failureCount += verdict.failures.length;
      for (const line of verdictLines(fake, verdict)) io.out(line);
    };
    const stopReporting = systemClock.every(reportEveryMs, report);
    await untilAborted(request.stop);
    stopReporting();
    report();
    await server.close();
    request.dispose();
    return failureCount === 0 ? 0 : 1;
  },
};

function scriptIn(file: string | undefined): Script {
  if (file === undefined) return plainScript(sampleAlerts(10, 15, 100));
  const found = readFileText(file, scriptMaxBytes);
  if (found.kind === 'unusable') {
    throw new ConfigurationError(
      'CONFIG_INVALID',
      `--script ${file}: expected a readable file of JSON, got ${found.why}`,
    );
  }
  return parseScript(found.text);
}
