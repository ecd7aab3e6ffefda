import { createSendGate, type SendLimits } from '../../src/delivery/create-send-gate.js';
import { FakeClock } from './fakes/fake-clock.js';
import { FakeLease } from './fakes/fake-lease.js';
import { FakeNotifier } from './fakes/fake-notifier.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';

/** The gate of one worker alone, on a clock that stands still. Chance is always 0. */
export function gateBench(changes: Partial<SendLimits> = {}) {
  const lease = new FakeLease();
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const limits: SendLimits = {
    concurrencyPerDestination: 2,
    ratePerDestination: undefined,
    senders: 1,
    retryIntervalMs: 30_000,
    ...changes,
  };
  const parts = createSendGate(limits, { lease, clock, random: () => 0, telemetry });
  return { ...parts, lease, clock, telemetry, notifier: new FakeNotifier() };
}
