import type { Listening } from '../admin/listening.js';
import type { AlertExec } from '../producers/alert-exec/alert-exec.js';
import { alarmOf } from '../producers/alert-exec/alert-job.js';
import { AlertListLoader } from '../producers/alert-exec/alert-list.js';
import type { AlertsClient } from '../producers/alert-exec/alerts-client.js';
import { identityList } from '../producers/identity-list.js';
import { startMetricsServer } from '../producers/metrics-server.js';
import { Slots } from '../producers/slots.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { listenForStop } from '../runtime/shutdown.js';
import { createTelemetry, type ProcessTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { prometheusText } from '../telemetry/prometheus-text.js';
import { runDemo } from './alert-exec-demo.js';
import { type AlertExecSettings, alertExecOptions, alertExecSettings } from './alert-exec-options.js';
import { clientOf, execOf, type RunSurroundings } from './alert-exec-parts.js';
import type { Command, ExitCode } from './command.js';
import { type EventOutlet, openEventOutlet } from './event-outlet.js';

const stderrFd = 2;

/** Evaluates the alerts of an alerts server and reports every change of state. */
export const command: Command = {
  options: alertExecOptions,
  async run(args, io) {
    const settings = alertExecSettings(args);
    const request = listenForStop();
    const telemetry = openTelemetry(settings);
    request.stop.addEventListener('abort', () => {
      if (request.name() === 'SIGINT') io.err('Ctrl-C pressed ...');
    });
    request.force.addEventListener('abort', () => process.exit(1));
    try {
      if (settings.demoMs !== undefined) return await runDemo(settings, settings.demoMs, { io, telemetry, request });
      if (settings.listsIds) return await listIds(settings, { io, telemetry, request });
      return await runAlone(settings, { io, telemetry, request });
    } finally {
      request.dispose();
      telemetry.close();
    }
  },
};

function openTelemetry({ logLevel }: AlertExecSettings): ProcessTelemetry {
  return createTelemetry({
    process: 'alert-exec',
    log: { level: logLevel, format: process.stderr.isTTY ? 'text' : 'json', everyLine: true },
    sink: openLineSink(stderrFd),
    clock: systemClock,
    known: { program: 'alert-exec' },
  });
}

async function runAlone(settings: AlertExecSettings, around: RunSurroundings): Promise<ExitCode> {
  const { telemetry, io, request } = around;
  const { server, sink } = settings;
  const outlet =
    sink === 'http'
      ? undefined
      : await openEventOutlet({
          ...settings,
          scope: `alert-exec ${server.text} ${settings.engine.rules.tenantId}`,
          type: 'alert-exec',
          onStateWrite: (result) => telemetry.count('alert_exec_state_writes_total', { result }),
          telemetry,
          io,
        });
  if (outlet === 'wrong configuration') return 78;
  const { transport, client } = clientOf(settings, telemetry);
  const exec = execOf(settings, client, telemetry, outlet);
  const refresh = () => exec.refresh();
  process.on('SIGHUP', refresh);
  let metrics: Listening | undefined;
  try {
    metrics = await startMetrics(settings, exec, client, telemetry, outlet);
    await exec.run(request.stop);
    telemetry.event('alert_exec_stopped');
    return 0;
  } finally {
    process.off('SIGHUP', refresh);
    await metrics?.close();
    await outlet?.sink.close();
    transport.close();
  }
}

async function startMetrics(
  { metrics }: AlertExecSettings,
  exec: AlertExec,
  client: AlertsClient,
  telemetry: ProcessTelemetry,
  outlet: EventOutlet | undefined,
): Promise<Listening | undefined> {
  if (metrics === undefined) return undefined;
  const view = {
    metricsText: () => {
      exec.updateGauges();
      return prometheusText(telemetry.snapshot(), 'alert-exec');
    },
    notReady: () => [exec.listProblem, client.problem(), outlet?.problem()].filter((reason) => reason !== undefined),
  };
  const server = await startMetricsServer(metrics, view);
  telemetry.event('metrics_listening', { host: metrics.host, port: server.port });
  return server;
}

async function listIds(settings: AlertExecSettings, { io, telemetry, request }: RunSurroundings): Promise<ExitCode> {
  const { transport, client } = clientOf(settings, telemetry);
  const { rules } = settings.engine;
  const deps = { client, slots: new Slots(1), clock: systemClock, random: systemRandom, telemetry };
  try {
    const list = await new AlertListLoader({ ...rules, ...deps }).first(request.stop);
    if (list === undefined) return 1;
    for (const line of identityList(list.alerts.map((alert) => alarmOf(alert, rules, '001')))) io.out(line);
    return 0;
  } finally {
    transport.close();
  }
}
