import type { RawAlarm } from '../../domain/alarm.js';
import { EngineError } from '../../domain/errors.js';
import { inDigest } from '../../domain/event-facts.js';
import { parseAlarm } from '../../domain/parse-alarm.js';
import { statusChangeText } from '../../domain/status-change.js';

/** What an alarm of other producers is to the digest: a status change of its user, nothing, or no alarm at all. */
export type ReKeyedAlarm = Readonly<
  | { kind: 'changed'; userId: string; value: Uint8Array }
  | { kind: 'left_out'; alarmId: string; reason: 'repeat' | 'unknown_status' | 'disabled' }
  | { kind: 'malformed'; reason: string }
>;

/** Reads an alarm as the engine does, and writes it as an `AlarmStatusChanged` without method. */
export function reKeyedAlarm(raw: RawAlarm): ReKeyedAlarm {
  try {
    const alarm = parseAlarm(raw);
    const { alarmId, tenantId: userId, actionsEnabled } = alarm;
    if (!actionsEnabled) return { kind: 'left_out', alarmId, reason: 'disabled' };
    const part = inDigest(alarm);
    if (part.leftOut !== undefined) return { kind: 'left_out', alarmId, reason: part.leftOut };
    return { kind: 'changed', userId, value: Buffer.from(statusChangeText(alarm, part)) };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ALARM_MALFORMED') {
      return { kind: 'malformed', reason: error.message };
    }
    throw error;
  }
}
