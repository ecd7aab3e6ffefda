import { type Alert, statusOf } from '../alert-exec/alert.js';

type Told = 'OK' | 'WARNING' | 'CRITICAL';

interface Judged {
  readonly alert: Alert;
  /** By the value served last. */
  served: Told;
  servedSinceMs: number;
  before: Told;
  /** By the calls that were accepted. */
  announced: Told;
  acceptedAtMs: number;
  wasNotified: boolean;
  /** Already reported; the next call or change clears it. */
  isMissing: boolean;
  isRepeatMissing: boolean;
}

const toleranceMs = 1_000;
const lateMs = 2_000;

/** Everything that was found wrong since the last report, in words, and how much was seen. */
export interface Verdict {
  readonly failures: readonly string[];
  readonly servedCount: number;
  readonly acceptedCount: number;
}

/**
 * Judges a client by what it was served and what was accepted from it; times are milliseconds of one clock.
 *
 * Reports a wrong message for the state, a missing notify or resolve (after two intervals), a repeat that is early or missing, a notify or
 * resolve that nothing asked for. A call is judged by the value served last; by the one before for a second, while it may be under way.
 */
export class Validator {
  readonly #judged = new Map<string, Judged>();
  readonly #failures: string[] = [];
  #servedCount = 0;
  #acceptedCount = 0;

  constructor(alerts: readonly Alert[]) {
    for (const alert of alerts) {
      const facts = { served: 'OK', servedSinceMs: 0, before: 'OK', announced: 'OK', acceptedAtMs: 0 } as const;
      this.#judged.set(alert.name, { alert, ...facts, wasNotified: false, isMissing: false, isRepeatMissing: false });
    }
  }

  /** A value that was answered with 200. */
  served(name: string, value: number, atMs: number): void {
    const judged = this.#judged.get(name);
    if (judged === undefined) return;
    this.#servedCount += 1;
    this.#lookForMissing(judged, atMs);
    const found = statusOf(judged.alert, value);
    const served = found === 'UNKNOWN' ? 'OK' : found;
    if (served === judged.served) return;
    Object.assign(judged, { before: judged.served, served, servedSinceMs: atMs, isMissing: false });
  }

  /** A notify that was answered with 200. */
  notified(name: string, message: string, atMs: number): void {
    this.#acceptedCount += 1;
    const judged = this.#judged.get(name);
    if (judged === undefined) {
      this.#fail(atMs, name, 'notify for an unknown alert');
      return;
    }
    const { alert, announced, acceptedAtMs } = judged;
    const states = this.#statesNow(judged, atMs).filter((state) => state !== 'OK');
    const state = states.find((one) => messageOf(alert, one) === message);
    if (states.length === 0) this.#fail(atMs, name, `surplus notify ${JSON.stringify(message)}: the state is PASS`);
    else if (state === undefined) this.#fail(atMs, name, `wrong message ${JSON.stringify(message)} for ${states[0]}`);
    else if (state === announced && atMs - acceptedAtMs < alert.repeatMs - toleranceMs) {
      this.#fail(atMs, name, `surplus notify: repeated after ${atMs - acceptedAtMs} ms`);
    }
    const told = state ?? (message === alert.critical.message ? 'CRITICAL' : 'WARNING');
    Object.assign(judged, { announced: told, acceptedAtMs: atMs, wasNotified: true });
    Object.assign(judged, { isMissing: false, isRepeatMissing: false });
  }

  /** A resolve that was answered with 200. */
  resolved(name: string, atMs: number): void {
    this.#acceptedCount += 1;
    const judged = this.#judged.get(name);
    if (judged === undefined) {
      this.#fail(atMs, name, 'resolve for an unknown alert');
      return;
    }
    if (!judged.wasNotified) this.#fail(atMs, name, 'resolve without a notify');
    else if (judged.announced === 'OK') this.#fail(atMs, name, 'duplicate resolve');
    else if (!this.#statesNow(judged, atMs).includes('OK')) {
      this.#fail(atMs, name, `surplus resolve: the state is ${judged.served}`);
    }
    Object.assign(judged, { announced: 'OK', acceptedAtMs: atMs, isMissing: false });
  }

  /** What was found since the last report; looks for what is missing now. */
  report(atMs: number): Verdict {
    for (const judged of this.#judged.values()) this.#lookForMissing(judged, atMs);
    const verdict = {
      failures: this.#failures.splice(0),
      servedCount: this.#servedCount,
      acceptedCount: this.#acceptedCount,
    };
    this.#servedCount = 0;
    this.#acceptedCount = 0;
    return verdict;
  }

  #lookForMissing(judged: Judged, atMs: number): void {
    const { alert, served, announced, servedSinceMs, acceptedAtMs } = judged;
    const isFiring = served !== 'OK';
    if (served !== announced) {
      if (judged.isMissing || atMs - servedSinceMs <= 2 * alert.intervalMs + lateMs) return;
      judged.isMissing = true;
      this.#fail(atMs, alert.name, `missing ${isFiring ? 'notify' : 'resolve'} for ${announced} to ${served}`);
    } else if (isFiring && !judged.isRepeatMissing) {
      if (atMs - acceptedAtMs <= alert.repeatMs + alert.intervalMs + lateMs) return;
      judged.isRepeatMissing = true;
      this.#fail(atMs, alert.name, `missing repeat of ${served}, the last was ${atMs - acceptedAtMs} ms ago`);
    }
  }

  #statesNow({ served, before, servedSinceMs }: Judged, atMs: number): readonly Told[] {
    return atMs - servedSinceMs <= toleranceMs ? [served, before] : [served];
  }

  #fail(atMs: number, name: string, what: string): void {
    this.#failures.push(`${(atMs / 1_000).toFixed(3)} s ${name}: ${what}`);
  }
}

function messageOf({ warn, critical }: Alert, state: Told): string {
  return state === 'CRITICAL' ? critical.message : warn.message;
}
