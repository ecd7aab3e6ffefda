import type { Fields } from '../ports/system.js';
import type { EventName } from '../telemetry/event-table.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** The telemetry of a command that ends soon: no log and no metrics; `hear` tells the person what is worth telling. */
export function commandTelemetry(hear: (name: EventName, fields: Fields) => void = () => undefined): Telemetry {
  const telemetry: Telemetry = {
    event: (name, fields = {}) => hear(name, fields),
    count: () => undefined,
    gauge: () => undefined,
    observe: () => undefined,
    child: () => telemetry,
  };
  return telemetry;
}
