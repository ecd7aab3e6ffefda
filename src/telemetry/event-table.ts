import { alarmEvents } from './alarm-events.js';
import { digestEvents } from './digest-events.js';
import { engineEvents } from './engine-events.js';
import type { EventSpec } from './event-spec.js';
import { monitorEndpointsEvents } from './monitor-endpoints-events.js';
import { producerEvents } from './producer-events.js';
import { systemEvents } from './system-events.js';

/** Every event that an operator may see: one entry is one kind of log line and, where named, one counter. */
export const eventTable = {
  ...engineEvents,
  ...systemEvents,
  ...alarmEvents,
  ...producerEvents,
  ...digestEvents,
  ...monitorEndpointsEvents,
} as const satisfies Record<string, EventSpec>;

export type EventName = keyof typeof eventTable;

/** The specification under a name, with every optional part visible. */
export function eventSpec(name: EventName): EventSpec {
  return eventTable[name];
}
