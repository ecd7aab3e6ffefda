import type { EngineView } from '../admin/engine-view.js';
import { type ReadinessFacts, readiness, type SystemAnswer, type SystemName, systemNames } from '../admin/readiness.js';
import {
  type BreakerStatus,
  type PartitionStatus,
  partitionStatus,
  type StatusDocument,
  type WorkerStatus,
} from '../admin/status-document.js';
import { partitionText } from '../domain/position.js';
import type { Engine } from '../engine.js';
import type { Clock } from '../ports/system.js';
import type { MergedMetrics } from '../telemetry/merge-metrics.js';
import type { MetricSnapshot } from '../telemetry/metric-store.js';

export interface ViewOptions {
  readonly engine: Engine;
  readonly metrics: MergedMetrics;
  readonly clock: Clock;
  readonly version: string;
  readonly instance: string;
  readonly pid: number;
  readonly alarmTopic: string;
  /** What else an operator should know. */
  notes(): readonly string[];
}

/** The engine as the admin endpoint shows it, out of what main has in memory. */
export function engineView(options: ViewOptions): EngineView {
  const { engine, metrics } = options;
  return {
    status: () => statusOf(options),
    metricsText: () => Promise.resolve(metrics.text()),
    health: () => ({
      ok: engine.failure === undefined,
      reasons: engine.failure === undefined ? [] : [engine.failure.message],
    }),
    ready: () => readiness(factsOf(options)),
  };
}

function statusOf(options: ViewOptions): StatusDocument {
  const { engine, metrics, clock, version, instance, pid } = options;
  const total = metrics.total();
  const outcomes: Record<string, number> = {};
  for (const [[, outcome], [count]] of total.notifications_total ?? []) {
    if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + (count ?? 0);
  }
  const leaseEndsAtMonoMs = engine.flow.lease?.endsAtMonoMs() ?? 0;
  return {
    version,
    instance,
    pid,
    role: engine.role,
    lease_remaining_ms: Math.max(0, Math.round(leaseEndsAtMonoMs - clock.monoMs())),
    partitions: partitionsOf(engine),
    owners: engine.ownership.lines().map(({ partition, owner }) => ({
      ...partition,
      ...(owner === undefined ? {} : { instance: owner }),
    })),
    queues: engine.flow.pipeline.queueLengths(),
    workers: workersOf(engine),
    retries_waiting: sumOf(total, 'retries_waiting'),
    repeats_waiting: sumOf(total, 'repeats_waiting'),
    breakers: breakersOf(metrics),
    outcomes,
    reasons: readiness(factsOf(options)).reasons,
  };
}

function sumOf(total: MetricSnapshot, name: 'retries_waiting' | 'repeats_waiting'): number {
  return (total[name] ?? []).reduce((sum, [, [count = 0]]) => sum + count, 0);
}

function breakersOf(metrics: MergedMetrics): BreakerStatus[] {
  const workers = new Map<string, number>();
  for (const snapshot of metrics.perProcess().values()) {
    for (const [[destination = '']] of snapshot.breaker_open ?? []) {
      workers.set(destination, (workers.get(destination) ?? 0) + 1);
    }
  }
  return [...workers].map(([destination, count]) => ({ destination, workers: count }));
}

function partitionsOf({ tracker, flow }: Engine): PartitionStatus[] {
  return tracker
    .openPartitions()
    .map((at) => partitionStatus(at, tracker.progress(at), flow.highWater.get(partitionText(at))));
}

function workersOf({ supervisor, ledger }: Engine): WorkerStatus[] {
  return supervisor.workers.map((worker) => ({
    stage: worker.ref.stage,
    pid: worker.pid,
    state: worker.state,
    replacements: supervisor.replacements(worker.ref.stage),
    in_flight: ledger.heldBy(worker.ref),
  }));
}

function factsOf({ engine, clock, alarmTopic, notes }: ViewOptions): ReadinessFacts {
  const systems = Object.fromEntries(systemNames.map((name) => [name, answerOf(engine, name)]));
  return {
    role: engine.role,
    systems: systems as Record<SystemName, SystemAnswer>,
    nowMonoMs: clock.monoMs(),
    obstacles: engine.flow.partitionsOf(alarmTopic)?.length === 0 ? [`kafka has no topic ${alarmTopic}`] : [],
    halted: engine.flow.term?.halted ?? [],
    stuckHeads: engine.commits.stuckHeads().map(({ position }) => position),
    notes: [...receiversAway(engine), ...[...engine.notes.values()].flat(), ...notes()],
  };
}

/** Whatever else the workers tell of is a receiver: the engine goes on around it. */
function receiversAway(engine: Engine): readonly string[] {
  const names = new Set([...engine.systems.values()].flatMap((systems) => Object.keys(systems)));
  return [...names]
    .filter((name) => !systemNames.some((system) => system === name))
    .flatMap((name) => {
      const { failure } = answerOf(engine, name);
      return failure === undefined ? [] : [`${name} away: ${failure}`];
    });
}

/** The newest answer that any worker had; what one of them cannot do counts as long as none can. */
function answerOf(engine: Engine, name: string): SystemAnswer {
  if (name === 'zookeeper') return { answeredAtMonoMs: engine.keeper.answeredAtMonoMs ?? 0 };
  let best: SystemAnswer = { answeredAtMonoMs: 0 };
  for (const systems of engine.systems.values()) {
    const seen = systems[name];
    if (seen !== undefined && seen.answeredAtMonoMs >= best.answeredAtMonoMs) best = seen;
  }
  return best;
}
