import { systemClock } from '../../../src/runtime/clock.js';
import { endAtFaults } from '../../../src/runtime/fault-end.js';
import { createTelemetry } from '../../../src/telemetry/create-telemetry.js';
import { openLineSink } from '../../../src/telemetry/line-sink.js';

/** A main process that meets an error which nobody catches: thrown by a timer, or with argv[2] `promise` by a promise. */
const log = { level: 'info', format: 'json', everyLine: true } as const;
endAtFaults(createTelemetry({ process: 'main', log, sink: openLineSink(2), clock: systemClock }));
const fault = () => {
  throw new Error('nobody expected this');
};
setInterval(() => undefined, 1_000);
if (process.argv[2] === 'promise') void Promise.resolve().then(fault);
else setTimeout(fault, 1);
