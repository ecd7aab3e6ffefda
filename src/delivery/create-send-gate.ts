import type { LeaseView } from '../ports/ownership.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { DestinationLimit } from './destination-limit.js';
import { SendBreakers } from './send-breakers.js';
import { SendGate } from './send-gate.js';
import { SendPace } from './send-pace.js';

export interface SendLimits {
  readonly concurrencyPerDestination: number;
  /** Undefined: no rate but those of the notifiers. */
  readonly ratePerDestination: number | undefined;
  /** Workers that share both. */
  readonly senders: number;
  readonly retryIntervalMs: number;
}

interface Around {
  readonly lease: LeaseView;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

const failuresToOpen = 5;
const longestFirstPauseMs = 5_000;
/** Five minutes by default. */
const longestPauseFactor = 60;

/**
 * The gate of one worker, with its limit, its rates and its breakers.
 *
 * The first pause of a breaker is short, so that a receiver that only restarts is told within seconds, and never longer than the pause that
 * the operator chose for retries.
 */
export function createSendGate(limits: SendLimits, around: Around) {
  const { clock, telemetry } = around;
  const firstPauseMs = Math.min(longestFirstPauseMs, limits.retryIntervalMs);
  const longestPauseMs = longestPauseFactor * firstPauseMs;
  const breakers = new SendBreakers({ failuresToOpen, firstPauseMs, longestPauseMs }, clock, telemetry);
  const limit = new DestinationLimit(limits, clock);
  const pace = new SendPace(clock, limits.senders);
  const { ratePerDestination } = limits;
  return { gate: new SendGate({ ...around, limit, pace, breakers, ratePerDestination }), limit, pace, breakers };
}
