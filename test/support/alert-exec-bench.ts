import type { EventMessage } from '../../src/domain/alarm-event.js';
import { EngineError, givenUp } from '../../src/domain/errors.js';
import { AlertExec, type AlertExecOptions } from '../../src/producers/alert-exec/alert-exec.js';
import { AlertsApiSink } from '../../src/producers/alert-exec/alerts-api-sink.js';
import { AlertsClient, type ApiTransport } from '../../src/producers/alert-exec/alerts-client.js';
import { EventSink } from '../../src/producers/event-sink.js';
import { FakeAlerts } from '../../src/producers/fake-alerts/fake-alerts.js';
import { plainScript, type Script, type Step } from '../../src/producers/fake-alerts/script.js';
import { ProducerState } from '../../src/producers/producer-state.js';
import { FakeClock } from './fakes/fake-clock.js';
import { MemoryStore } from './fakes/memory-store.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

/** The alert of the specification's cases: interval 15, repeat 100, thresholds 100 and 200. */
export function alertObject(changes: object = {}): object {
  return {
    name: 'alert-1',
    query: 'q',
    intervalSecs: 15,
    repeatIntervalSecs: 100,
    warn: { value: 100, message: 'warning' },
    critical: { value: 200, message: 'critical' },
    ...changes,
  };
}

export interface BenchOptions {
  readonly script?: Partial<Script>;
  readonly faults?: number;
  readonly random?: number;
  readonly latencyMs?: number;
  readonly options?: Partial<Omit<AlertExecOptions, 'rules'>>;
  readonly rules?: Partial<AlertExecOptions['rules']>;
  /** Tells by events; one of several runs that share it is one life of a process. */
  readonly kafka?: MemoryKafka;
  readonly clock?: FakeClock;
}

/** The alarm topic in memory; `answers` are taken one by one, then all is accepted. */
export class MemoryKafka {
  readonly store = new MemoryStore();
  readonly events: {
    readonly status: string;
    readonly kind: string;
    readonly text: string;
    readonly fields: Record<string, unknown>;
  }[] = [];
  answers: ('accepted' | 'refused' | 'lost')[] = [];

  async publish(clock: FakeClock, { value }: EventMessage, signal: AbortSignal): Promise<void> {
    const answer = this.answers.shift() ?? 'accepted';
    if (answer === 'refused') throw new EngineError('RECORD_REFUSED', 'refused', { retriable: false });
    const fields = JSON.parse(value)['alarm-transitioned'];
    this.events.push({ status: fields.status, kind: fields.kind, text: value, fields });
    if (answer === 'accepted') return;
    await clock.sleep(3_600_000, signal);
    throw givenUp('given up');
  }
}

/** `alert-exec` in virtual time against a fake alerts server in the same process. */
export async function alertExecBench(setting: BenchOptions = {}) {
  const clock = setting.clock ?? new FakeClock();
  const script = { ...plainScript([alertObject()]), ...setting.script };
  const { faults = 0, random = 1, latencyMs = 0 } = setting;
  const fake = new FakeAlerts({ script, faults, random, clock });
  const telemetry = new RecordingTelemetry();
  const wire = { inFlight: 0, most: 0, queries: [] as number[], ends: [] as string[] };
  const client = new AlertsClient(transportTo(fake, clock, latencyMs, wire), { clock, telemetry });
  const events = setting.kafka === undefined ? undefined : await eventSink(setting.kafka, clock);
  const rules = {
    attempts: 3,
    timeoutMs: 5_000,
    unknownAfterMs: undefined,
    withSustain: false,
    tenantId: 'default',
    definitionId: undefined,
    ...setting.rules,
  };
  const options = {
    concurrency: 2,
    tickMs: 1_000,
    refreshMs: undefined,
    showsStates: false,
    ...setting.options,
    rules,
  };
  const exec = new AlertExec(options, {
    client,
    openSink: (timeoutOf) => events ?? new AlertsApiSink(client, timeoutOf),
    sinkTakesSlots: events === undefined,
    clock,
    random: () => 0.5,
    telemetry,
  });
  const stop = new AbortController();
  const ended = exec.run(stop.signal);
  /** Accepted calls as `notify warning @0`, in seconds. */
  const calls = () =>
    fake.accepted.map(({ kind, message, atMs }) =>
      [kind, ...(message === '' ? [] : [message]), `@${Math.round(atMs) / 1_000}`].join(' '),
    );
  return { clock, fake, telemetry, wire, exec, stop, ended, calls };
}

/** The steps of one query, served in turn, the last one for ever. */
export function steps(...values: readonly (number | Step)[]): { readonly q: readonly Step[] } {
  return { q: values.map((value) => (typeof value === 'number' ? { value } : value)) };
}

async function eventSink(kafka: MemoryKafka, clock: FakeClock): Promise<EventSink> {
  const { state } = await ProducerState.open(kafka.store, { scope: 's', clock, onWrite: () => undefined });
  return new EventSink({
    state,
    publish: (message, signal) => kafka.publish(clock, message, signal),
    source: { type: 'alert-exec', instance: 'i', version: '1' },
    clock,
    close: async () => undefined,
  });
}

function transportTo(
  fake: FakeAlerts,
  clock: FakeClock,
  latencyMs: number,
  wire: { inFlight: number; most: number; readonly queries: number[]; readonly ends: string[] },
): ApiTransport {
  return async ({ method, path, body }, timeoutMs, signal) => {
    wire.inFlight += 1;
    wire.most = Math.max(wire.most, wire.inFlight);
    if (path.startsWith('/query')) wire.queries.push(fake.nowMs);
    try {
      const answer = fake.answer(method, path, body ?? '');
      const takesMs = answer.hangs ? Number.POSITIVE_INFINITY : answer.delayMs + latencyMs;
      if (takesMs > 0) await clock.sleep(Math.min(takesMs, timeoutMs), signal);
      if (takesMs > timeoutMs) return { kind: 'timeout', cause: `no answer within ${timeoutMs} ms` };
      if (signal.aborted) return { kind: 'broken', cause: 'given up' };
      answer.done();
      return { kind: 'answer', status: answer.status, body: answer.body };
    } finally {
      wire.inFlight -= 1;
    }
  };
}
