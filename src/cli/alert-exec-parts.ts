import { AlertExec } from '../producers/alert-exec/alert-exec.js';
import { AlertsApiSink } from '../producers/alert-exec/alerts-api-sink.js';
import { AlertsClient } from '../producers/alert-exec/alerts-client.js';
import { HttpTransport } from '../producers/alert-exec/http-transport.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import type { StopRequest } from '../runtime/shutdown.js';
import type { ProcessTelemetry } from '../telemetry/create-telemetry.js';
import type { AlertExecSettings } from './alert-exec-options.js';
import type { CommandIo } from './command.js';
import type { EventOutlet } from './event-outlet.js';

/** What a run is given by its command. */
export interface RunSurroundings {
  readonly io: CommandIo;
  readonly telemetry: ProcessTelemetry;
  readonly request: StopRequest;
}

/** The client of the alerts server, and what it speaks through. */
export function clientOf(
  { server }: Pick<AlertExecSettings, 'server'>,
  telemetry: ProcessTelemetry,
): { readonly transport: HttpTransport; readonly client: AlertsClient } {
  const transport = new HttpTransport(server, systemClock);
  return { transport, client: new AlertsClient(transport.call, { clock: systemClock, telemetry }) };
}

/** The program as the settings want it; without an outlet for events the alerts server itself is told. */
export function execOf(
  { engine }: AlertExecSettings,
  client: AlertsClient,
  telemetry: ProcessTelemetry,
  outlet?: EventOutlet,
): AlertExec {
  return new AlertExec(engine, {
    client,
    openSink: (timeoutOf) => outlet?.sink ?? new AlertsApiSink(client, timeoutOf),
    sinkTakesSlots: outlet === undefined,
    clock: systemClock,
    random: systemRandom,
    telemetry,
  });
}
