import { hostname } from 'node:os';
import { startAdmin } from '../admin/server.js';
import type { Config } from '../config/config.js';
import { crewsOf, digestCrewOf, stagesOf, waitingTopicsOf, windowCapacity } from '../engine/crews.js';
import { engineView } from '../engine/engine-view.js';
import { type HeartbeatParts, startHeartbeat } from '../engine/heartbeat.js';
import { watchEngine } from '../engine/watch.js';
import { Engine, type EngineOptions } from '../engine.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { endAtFaults } from '../runtime/fault-end.js';
import { startProcessGauges } from '../runtime/process-gauges.js';
import { serviceNotify } from '../runtime/service-notify.js';
import { listenForStop, type StopRequest } from '../runtime/shutdown.js';
import { keepHeapSmall } from '../runtime/small-heap.js';
import type { WorkerHandle } from '../runtime/worker-handle.js';
import { workerProcesses } from '../runtime/worker-process.js';
import { createTelemetry, type ProcessTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { createMergedMetrics, type MergedMetrics } from '../telemetry/merge-metrics.js';
import { startStatsd } from '../telemetry/statsd.js';
import { type Command, configOption, type ExitCode } from './command.js';
import { configFile, loadOrReport, unconfiguredTypes, warningText } from './configuration.js';
import type { EngineCanary } from './engine-canary.js';
import { heartbeatPing } from './heartbeat-ping.js';
import { packageVersion } from './version.js';

const stderrFd = 2;

export const command: Command = {
  options: configOption,
  async run(args, io) {
    // Before anything that takes time, as modules of third parties may; and to the end of the process, which a second signal must not change.
    const request = listenForStop();
    keepHeapSmall();
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    for (const warning of unconfiguredTypes(loaded, configFile(args.text('config'), io))) io.err(warningText(warning));
    return request.stop.aborted ? 0 : await runEngine(loaded.config, request);
  },
};

async function runEngine(config: Config, request: StopRequest): Promise<ExitCode> {
  const startedAt = new Date(systemClock.nowMs()).toISOString();
  const instance = `${hostname()}-${process.pid}-${startedAt}`;
  const telemetry = createTelemetry({
    process: 'main',
    log: config.log,
    sink: openLineSink(stderrFd),
    clock: systemClock,
    known: { type: config.enabledTypes, stage: [...stagesOf(config).map(({ stage }) => stage), 'main'] },
  });
  endAtFaults(telemetry);
  const version = packageVersion();
  telemetry.gauge('build_info', 1, { version, node: process.version });
  telemetry.event('engine_starting', { version, instance, pid: process.pid, types: config.enabledTypes });
  if (process.getuid?.() === 0) telemetry.event('started_as_root');
  try {
    const metrics = createMergedMetrics(() => telemetry.snapshot());
    const identity = { host: hostname(), pid: process.pid, instance, startedAt };
    const engine = newEngine(config, { identity, telemetry, metrics, request });
    const code = await withOutside(config, engine, { telemetry, metrics, request, version, instance });
    telemetry.flush();
    const { failure } = engine;
    telemetry.event('engine_stopped', { exit_code: code, code: failure?.code, detail: failure?.message });
    return code;
  } finally {
    telemetry.close();
  }
}

interface Around {
  readonly identity: EngineOptions['identity'];
  readonly telemetry: ProcessTelemetry;
  readonly metrics: MergedMetrics;
  readonly request: StopRequest;
}

function newEngine(config: Config, { identity, telemetry, metrics, request }: Around): Engine {
  return new Engine({
    topology: stagesOf(config),
    crews: crewsOf(config, identity.instance),
    digestCrew: digestCrewOf(config, identity.instance),
    capacity: config.queueCapacity,
    alarmTopic: config.kafka.alarmTopic,
    waitingTopics: waitingTopicsOf(config),
    windowCount: windowCapacity,
    zookeeper: { ...config.zookeeper, group: config.kafka.group },
    lock: config.zookeeper.lock,
    maxHeadAgeMs: config.zookeeper.maxOffsetLagMs,
    stopDeadlineMs: config.shutdown.deadlineMs,
    identity,
    startWorker: workerProcesses(new URL('../worker.js', import.meta.url)),
    clock: systemClock,
    random: systemRandom,
    telemetry,
    request,
    onBeat: (worker, beat) => metrics.update(nameOf(worker), beat.metrics),
    onWorkerDead: (worker) => metrics.retire(nameOf(worker)),
  });
}

interface Shown extends Omit<Around, 'identity'> {
  readonly version: string;
  readonly instance: string;
}

/** Runs the engine with what shows it to the outside: the admin endpoint, the gauges and statsd. */
async function withOutside(config: Config, engine: Engine, shown: Shown): Promise<ExitCode> {
  const { telemetry, metrics, request, version, instance } = shown;
  const { alarmTopic } = config.kafka;
  const canary = await canaryOf(config, engine, shown);
  const notes = () => canary?.notes() ?? [];
  const about = { version, instance, pid: process.pid, alarmTopic, notes };
  const view = engineView({ engine, metrics, clock: systemClock, ...about });
  const admin = await startAdmin({ ...config.admin, view, telemetry });
  const notify = serviceNotify(process.env, (reason) => telemetry.event('service_notify_failed', { detail: reason }));
  const { pipeline } = engine.flow;
  const stopWatching = watchEngine({ view, pipeline, telemetry, clock: systemClock, notify });
  request.stop.addEventListener('abort', () => notify.stopping('stopping'), { once: true });
  const stopGauges = startProcessGauges('main', telemetry, systemClock);
  const names = stagesOf(config).flatMap(({ stage, processes }) =>
    Array.from({ length: processes }, (_, index) => `${stage}-${index}`),
  );
  const stopStatsd = config.statsd.enable
    ? startStatsd(config.statsd, () => metrics.perProcess(), names, systemClock)
    : undefined;
  const stopHeartbeat = heartbeat(config, { view, telemetry });
  try {
    return await engine.run();
  } finally {
    await Promise.all([stopHeartbeat?.(), canary?.stop()]);
    stopGauges();
    stopWatching();
    await stopStatsd?.();
    await admin.close();
    await notify.settled();
  }
}

/** Main has no client of Kafka but for this one. */
async function canaryOf(config: Config, engine: Engine, shown: Shown): Promise<EngineCanary | undefined> {
  if (config.canary === undefined) return undefined;
  const { startCanary } = await import('./engine-canary.js');
  return startCanary(config, config.canary.intervalMs, { engine, ...shown });
}

function heartbeat({ heartbeat: wish }: Config, about: Pick<HeartbeatParts, 'view' | 'telemetry'>) {
  if (wish === undefined) return undefined;
  const { ping, close } = heartbeatPing(wish.url, wish.intervalMs, systemClock);
  const stop = startHeartbeat({ ...about, ping, intervalMs: wish.intervalMs, clock: systemClock });
  return async () => {
    await stop();
    await close();
  };
}

function nameOf({ ref }: WorkerHandle): string {
  return `${ref.stage}-${ref.index}`;
}
