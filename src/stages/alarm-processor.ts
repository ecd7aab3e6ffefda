import type { Alarm, RawAlarm } from '../domain/alarm.js';
import { backOffMs } from '../domain/back-off.js';
import { EngineError, givenUp } from '../domain/errors.js';
import { inDigest } from '../domain/event-facts.js';
import { type NotificationGroup, type NotificationMethod, notificationId } from '../domain/notification.js';
import type { DeadReason, FinishReason, StageOutcome } from '../domain/outcome.js';
import { readAlarm } from '../domain/parse-alarm.js';
import { isNonEmpty, type NonEmpty } from '../domain/position.js';
import type { DigestBinding, MethodDirectory } from '../ports/directory.js';
import type { DeadLetters, DigestIntake, Stage } from '../ports/flow.js';
import type { Clock, Random } from '../ports/system.js';
import type { Telemetry } from '../telemetry/telemetry.js';

export interface AlarmProcessorDeps {
  readonly directory: MethodDirectory;
  readonly deadLetters: DeadLetters;
  readonly digests: DigestIntake;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

type EarlyEnd = Extract<FinishReason, 'disabled' | 'expired' | 'no_methods' | 'duplicate' | 'digested' | 'not_folded'>;

const pauses = { firstMs: 100, longestMs: 5_000 } as const;

/**
 * Turns a message into notifications: parses it, parks it when it is no alarm, drops it when it is disabled or too old, asks how its owner
 * wishes to be told, hands it to the digests of those methods that ask for digests, and forwards one notification for each of the others.
 *
 * While MySQL or Kafka cannot be asked, the alarm waits; nothing here decides for want of an answer. An alarm is too old when it is strictly
 * older than `ttlMs` (undefined: never), of which a replay begins a new one, by the wall clock of the start carried on by the monotonic one: a jump of the clock expires nothing.
 */
export class AlarmProcessor implements Stage<RawAlarm, NotificationGroup> {
  readonly name = 'alarm_processor';
  readonly #deps: AlarmProcessorDeps;
  readonly #ttlMs: number | undefined;
  readonly #wallMinusMonoMs: number;

  constructor(options: { readonly ttlMs: number | undefined }, deps: AlarmProcessorDeps) {
    this.#deps = deps;
    this.#ttlMs = options.ttlMs;
    this.#wallMinusMonoMs = deps.clock.nowMs() - deps.clock.monoMs();
  }

  async process(item: RawAlarm, signal: AbortSignal): Promise<StageOutcome<NotificationGroup>> {
    const alarm = this.#read(item);
    if (alarm instanceof EngineError) return await this.#parkMalformed(item, alarm.message, signal);
    if (item.isKnown === true) return this.#finished(alarm, 'duplicate');
    if (!alarm.actionsEnabled) return this.#finished(alarm, 'disabled');
    const isExpired = this.#isExpired(alarm, item);
    const { directory } = this.#deps;
    if (isExpired && !(await this.#untilAnswered(() => directory.mayHaveDigests(signal), signal))) {
      return this.#finished(alarm, 'expired');
    }
    const asked = await this.#untilAnswered(() => directory.askedFor(alarm, signal), signal);
    const { immediate, digest, unreadBeyond } = asked;
    if (unreadBeyond !== undefined) await this.#parkUnread(item, unreadBeyond, signal);
    const isFolded = await this.#fold(alarm, digest, signal);
    const methods = isExpired ? [] : immediate;
    if (!isNonEmpty(methods)) {
      if (isFolded) return this.#finished(alarm, 'digested');
      if (digest.length > 0) return this.#finished(alarm, 'not_folded');
      return this.#finished(alarm, isExpired ? 'expired' : 'no_methods');
    }
    return { kind: 'forward', item: groupOf(item, alarm, methods) };
  }

  close(): Promise<void> {
    return this.#deps.directory.close();
  }

  #read(item: RawAlarm): Alarm | EngineError {
    try {
      const { alarm, defaulted } = readAlarm(item);
      for (const field of defaulted) {
        this.#deps.telemetry.event('alarm_field_defaulted', { ...item.position, field });
      }
      return alarm;
    } catch (error) {
      if (error instanceof EngineError && error.code === 'ALARM_MALFORMED') return error;
      throw error;
    }
  }

  /** Hands the alarm to the digests of those who asked for them, durably; the time to live does not count there. False when none took it. */
  async #fold(alarm: Alarm, bindings: readonly DigestBinding[], signal: AbortSignal): Promise<boolean> {
    if (bindings.length === 0) return false;
    const part = inDigest(alarm);
    if (part.leftOut !== undefined) {
      const reason = part.leftOut;
      this.#deps.telemetry.count('alarms_not_folded_total', { reason });
      this.#deps.telemetry.event('alarm_not_folded', { ...alarm.position, alarm_id: alarm.alarmId, reason });
      return false;
    }
    const fold = ({ method, isBound, wish = {} }: DigestBinding) => {
      const into = { methodId: method.id, status: isBound ? part.status : 'OK', wish } as const;
      return this.#untilAnswered(() => this.#deps.digests.fold(alarm, into, signal), signal);
    };
    await Promise.all(bindings.map(fold));
    this.#deps.telemetry.count('alarms_folded_total', {}, bindings.length);
    return true;
  }

  async #parkMalformed(item: RawAlarm, detail: string, signal: AbortSignal): Promise<StageOutcome<never>> {
    this.#deps.telemetry.event('alarm_malformed', { ...item.position, detail });
    await this.#park(item, 'malformed', detail, signal);
    return { kind: 'finish', reason: 'malformed' };
  }

  /** Those who were read are told; the alarm is parked for the sake of those who were not. */
  async #parkUnread(item: RawAlarm, count: number, signal: AbortSignal): Promise<void> {
    const detail = `${count} methods or more ask for this alarm, and nobody beyond the first ${count} is told; check alarm_action`;
    this.#deps.telemetry.event('methods_unread', { ...item.position, detail });
    await this.#park(item, 'bad_method', detail, signal);
  }

  async #park(item: RawAlarm, reason: DeadReason, detail: string, signal: AbortSignal): Promise<void> {
    const letter = { position: item.replay?.source ?? item.position, reason, raw: item.value, detail };
    await this.#untilAnswered(() => this.#deps.deadLetters.park(letter, signal), signal);
  }

  #finished(alarm: Alarm, reason: EarlyEnd): StageOutcome<never> {
    this.#deps.telemetry.event('alarm_finished_early', {
      ...alarm.position,
      alarm_id: alarm.alarmId,
      reason,
    });
    return { kind: 'finish', reason };
  }

  #isExpired(alarm: Alarm, { replay, recordedAtMs }: RawAlarm): boolean {
    const nowMs = this.#wallMinusMonoMs + this.#deps.clock.monoMs();
    const livesFromMs = replay === undefined ? alarm.changedAtMs : Math.max(alarm.changedAtMs, recordedAtMs);
    return this.#ttlMs !== undefined && nowMs - livesFromMs > this.#ttlMs;
  }

  /** Asks until there is an answer. */
  async #untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await ask();
      } catch (error) {
        if (signal.aborted || !(error instanceof EngineError) || !error.retriable) throw error;
      }
      await this.#deps.clock.sleep(backOffMs(pauses, failures, this.#deps.random), signal);
      if (signal.aborted) throw givenUp('the alarm was given up while it waited');
    }
  }
}

function groupOf(item: RawAlarm, alarm: Alarm, methods: NonEmpty<NotificationMethod>): NotificationGroup {
  const { position, replay, recordedAtMs } = item;
  const replayed = replay === undefined ? {} : { replay: { atMs: recordedAtMs, reason: replay.reason } };
  const notificationOf = (method: NotificationMethod) => ({
    position,
    id: notificationId(alarm.position, method.id),
    alarm,
    method,
    attempt: 1,
    repeat: 0,
    ...replayed,
  });
  const [first, ...rest] = methods;
  return { position, notifications: [notificationOf(first), ...rest.map(notificationOf)] };
}
