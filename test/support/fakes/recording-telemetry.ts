import type { Fields } from '../../../src/ports/system.js';
import type { EventName } from '../../../src/telemetry/event-table.js';
import type { CounterName, GaugeName } from '../../../src/telemetry/metric-table.js';
import type { Labels, Telemetry } from '../../../src/telemetry/telemetry.js';

/** Keeps what it is told, for tests to look at. */
export class RecordingTelemetry implements Telemetry {
  readonly events: { readonly name: EventName; readonly fields: Fields }[] = [];
  readonly counts = new Map<string, number>();
  /** What each gauge showed last. */
  readonly gauges = new Map<string, number>();

  event(name: EventName, fields: Fields = {}): void {
    this.events.push({ name, fields });
  }

  count(name: CounterName, labels: Labels = {}, by = 1): void {
    const key = [name, ...Object.values(labels)].join(' ');
    this.counts.set(key, (this.counts.get(key) ?? 0) + by);
  }

  gauge(name: GaugeName, value: number, labels: Labels = {}): void {
    this.gauges.set([name, ...Object.values(labels)].join(' '), value);
  }

  observe(_name: string, _seconds: number): void {}

  child(): Telemetry {
    return this;
  }

  named(name: EventName): readonly Fields[] {
    return this.events.filter((event) => event.name === name).map((event) => event.fields);
  }
}
