import { lookup } from 'node:dns';
import type { Listening } from '../admin/listening.js';
import { type EndpointsFile, readEndpointsFile } from '../config/endpoints-file.js';
import type { Endpoint } from '../domain/endpoint.js';
import type { NonEmpty } from '../domain/position.js';
import { Availability } from '../producers/endpoint-monitor/availability.js';
import { endpointAlarms } from '../producers/endpoint-monitor/endpoint-alarms.js';
import { EndpointMonitor } from '../producers/endpoint-monitor/endpoint-monitor.js';
import { HostLookups } from '../producers/endpoint-monitor/host-lookups.js';
import { HttpProber } from '../producers/endpoint-monitor/prober.js';
import { progressText } from '../producers/endpoint-monitor/progress-line.js';
import { reportBlock } from '../producers/endpoint-monitor/report.js';
import { identityList } from '../producers/identity-list.js';
import { startMetricsServer } from '../producers/metrics-server.js';
import { systemClock } from '../runtime/clock.js';
import { listenForStop, type StopRequest } from '../runtime/shutdown.js';
import { keepPausesShort } from '../runtime/small-heap.js';
import { createTelemetry, type ProcessTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { prometheusText } from '../telemetry/prometheus-text.js';
import type { Command, CommandIo, ExitCode } from './command.js';
import { type MonitorEvents, openMonitorEvents } from './monitor-events.js';
import { type MonitorSettings, monitorOptions, readMonitorSettings } from './monitor-options.js';
import { type MonitorScreen, openMonitorScreen } from './monitor-screen.js';
import { countCheck, gaugeNow, tellCycle, tellMissedStarts } from './monitor-telemetry.js';

const stderrFd = 2;
/** The default of the pool in which the system looks up names. */
const usualThreadCount = 4;
const shownProblemCount = 1_000;

/** Checks endpoints and prints their availability; with the Kafka sink it publishes every change of state too. */
export const command: Command = {
  positionals: 'CONFIG_FILE_PATH',
  options: monitorOptions,
  async run(args, io) {
    keepPausesShort();
    const settings = readMonitorSettings(args);
    const file = readEndpointsFile(settings.file);
    if (file.kind !== 'endpoints') return refuse(settings.file, file, io);
    for (const warning of file.warnings) io.err(`Warning: ${warning}`);
    if (settings.onlyLists) {
      const alarms = endpointAlarms(file.endpoints, settings);
      for (const line of identityList([...alarms.values()])) io.out(line);
      return 0;
    }
    return await monitorUntilStopped(settings, file.endpoints, io);
  },
};

function refuse(path: string, file: Exclude<EndpointsFile, { kind: 'endpoints' }>, io: CommandIo): ExitCode {
  if (file.kind === 'unreadable') {
    io.err(`Error: Input file ${path} cannot be read - ${file.why}`);
    return 2;
  }
  for (const warning of file.warnings.slice(0, shownProblemCount)) io.err(`Warning: ${warning}`);
  for (const problem of file.problems.slice(0, shownProblemCount))
    io.err(`Error: Input file is malformed - ${problem}`);
  const moreCount = file.problems.length - shownProblemCount;
  if (moreCount > 0) io.err(`Error: Input file is malformed - and ${moreCount} more`);
  return 1;
}

async function monitorUntilStopped(
  settings: MonitorSettings,
  endpoints: NonEmpty<Endpoint>,
  io: CommandIo,
): Promise<ExitCode> {
  const request = listenForStop();
  request.force.addEventListener('abort', () => process.exit(1));
  let screen: MonitorScreen | undefined;
  const sink = openLineSink(stderrFd);
  const write = (line: string) => {
    screen?.makeRoom();
    sink.write(line);
  };
  const telemetry = createTelemetry({
    process: 'monitor-endpoints',
    log: { level: 'info', format: process.stderr.isTTY ? 'text' : 'json' },
    sink: { ...sink, write },
    clock: systemClock,
    known: { program: 'monitor-endpoints' },
  });
  try {
    const events = settings.publishes ? await openMonitorEvents(settings, endpoints, { io, telemetry }) : undefined;
    if (events === 'wrong configuration') return 78;
    const run = new MonitorRun({ settings, endpoints, io, telemetry, events, request });
    screen = run.screen;
    return await run.toEnd();
  } finally {
    request.dispose();
    telemetry.close();
  }
}

interface RunParts {
  readonly settings: MonitorSettings;
  readonly endpoints: NonEmpty<Endpoint>;
  readonly io: CommandIo;
  readonly telemetry: ProcessTelemetry;
  readonly events: MonitorEvents | undefined;
  readonly request: StopRequest;
}

/** One run: the monitor, and who hears of it. */
class MonitorRun {
  readonly screen: MonitorScreen;
  readonly #parts: RunParts;
  readonly #availability: Availability;
  readonly #prober: HttpProber;
  readonly #monitor: EndpointMonitor;
  readonly #readerGone = new AbortController();

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { settings, endpoints, io } = parts;
    this.#availability = new Availability(endpoints);
    this.#prober = proberOf(settings);
    this.#monitor = this.#monitorOf(this.#prober);
    this.screen = openMonitorScreen({
      ...{ io, hasProgress: settings.hasProgress, every: systemClock.every },
      text: (columns) => progressText(this.#monitor.progress, endpoints.length, systemClock.monoMs(), columns),
      onReaderGone: () => this.#readerGone.abort(),
    });
  }

  async toEnd(): Promise<ExitCode> {
    const { request, events } = this.#parts;
    let metrics: Listening | undefined;
    try {
      metrics = await this.#startMetrics();
      const ending = await this.#monitor.run(AbortSignal.any([request.stop, this.#readerGone.signal]));
      this.#prober.close();
      this.screen.close();
      if (!this.#readerGone.signal.aborted) this.#sayGoodbye(ending);
      return 0;
    } finally {
      this.screen.close();
      await events?.close();
      await metrics?.close();
    }
  }

  #monitorOf(prober: HttpProber): EndpointMonitor {
    const { settings, endpoints, telemetry, events } = this.#parts;
    return new EndpointMonitor({
      ...{ endpoints, prober, clock: systemClock },
      ...{ everyMs: settings.everyMs, durationMs: settings.durationMs, thresholdMs: settings.thresholdMs },
      ears: {
        checked: (result) => {
          this.#availability.count(result);
          countCheck(telemetry, result);
          events?.checked(result);
        },
        disturbed: () => telemetry.event('endpoint_check_disturbed'),
        startsMissed: (count) => tellMissedStarts(telemetry, count),
        cycleEnded: (cycle) => {
          tellCycle(telemetry, cycle);
          this.#report();
        },
      },
    });
  }

  #report(): void {
    const { isQuiet, percent, hasDetails } = this.#parts.settings;
    if (!isQuiet) this.screen.print(reportBlock(this.#availability, { percent, hasDetails }));
  }

  #sayGoodbye(ending: 'complete' | 'stopped'): void {
    if (ending === 'complete') {
      this.screen.print(['Run complete!']);
      return;
    }
    this.#report();
    const signal = this.#parts.request.name();
    this.screen.print([`Monitoring stopped by ${signal === 'SIGINT' ? 'user' : signal}.`]);
  }

  async #startMetrics(): Promise<Listening | undefined> {
    const { settings, telemetry, events } = this.#parts;
    if (settings.metrics === undefined) return undefined;
    const server = await startMetricsServer(settings.metrics, {
      metricsText: () => {
        gaugeNow(telemetry, this.#availability, this.#monitor.progress.inFlightCount);
        telemetry.gauge('monitor_endpoints_outbox', events?.pendingCount ?? 0);
        return prometheusText(telemetry.snapshot(), 'monitor-endpoints');
      },
      notReady: () => [events?.problem()].filter((reason) => reason !== undefined),
    });
    telemetry.event('metrics_listening', { host: settings.metrics.host, port: server.port });
    return server;
  }
}

function proberOf(settings: MonitorSettings): HttpProber {
  const threadCount = Number(process.env.UV_THREADPOOL_SIZE) || usualThreadCount;
  const resolve = (...[host, answer]: Parameters<ConstructorParameters<typeof HostLookups>[0]>) =>
    lookup(host, { all: true }, answer);
  return new HttpProber({
    rules: settings,
    followsRedirects: settings.followsRedirects,
    reusesConnections: settings.reusesConnections,
    // Longer than from one check to the next but one: a connection that nobody uses goes away.
    idleMs: 2.5 * settings.everyMs,
    lookups: new HostLookups(resolve, systemClock, threadCount),
    clock: systemClock,
  });
}
