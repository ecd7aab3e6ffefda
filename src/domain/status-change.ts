import type { Alarm } from './alarm.js';
import { type AlarmStatus, plainStateOf, severityOf } from './alarm-status.js';
import { changeOfAlarm } from './event-facts.js';
import { epochMsOf, parseInstant } from './instant.js';

type Members = Readonly<Record<string, unknown>>;

const fields = ['AlarmID', 'UserID', 'Status', 'ChangedAt'] as const;
type Field = (typeof fields)[number];
const statuses: Readonly<Record<string, AlarmStatus>> = { CLEARED: 'OK', WARNING: 'WARNING', CRITICAL: 'CRITICAL' };
const words = { OK: 'CLEARED', WARNING: 'WARNING', CRITICAL: 'CRITICAL' } as const;

interface ChangeOf {
  readonly status: Exclude<AlarmStatus, 'UNKNOWN'>;
  readonly methodId?: string;
  readonly wish?: { readonly schedule?: string; readonly empty?: string };
}

/** An alarm as the `AlarmStatusChanged` of its user, or of one digest method of that user and what that method wishes: JSON text. */
export function statusChangeText(alarm: Alarm, { status, methodId, wish }: ChangeOf): string {
  const { alarmId, alarmName, tenantId, event } = alarm;
  return JSON.stringify({
    AlarmID: alarmId,
    AlarmName: alarmName,
    UserID: tenantId,
    MethodID: methodId,
    Status: words[status],
    ChangedAt: changeOfAlarm(alarm).text,
    Sequence: event?.sequence,
    Schedule: wish?.schedule,
    Empty: wish?.empty,
  });
}

/** True for the object of an `AlarmStatusChanged`: it names an alarm, and not as `alarm-transitioned` does. */
export function isStatusChange(members: Members): boolean {
  return !Object.hasOwn(members, 'alarmId') && Object.hasOwn(members, spelling(members, 'AlarmID'));
}

/**
 * The fields of an `AlarmStatusChanged` as those of an alarm; the state before is not known.
 *
 * Letter case of keys does not matter, the exact spelling wins. `wrong` makes the error for a field, which is thrown.
 */
export function alarmOfStatusChange(
  members: Members,
  wrong: (field: string, expected: string, value: unknown) => Error,
): Members {
  const value = (field: Field): unknown => {
    const name = spelling(members, field);
    return Object.hasOwn(members, name) ? members[name] : undefined;
  };
  const text = (field: Field): string => {
    const found = value(field);
    if (typeof found === 'string' && found !== '') return found;
    throw wrong(field, 'a text', found);
  };
  const [alarmId, tenantId, word, changedAt] = [text('AlarmID'), text('UserID'), text('Status'), text('ChangedAt')];
  const status = Object.hasOwn(statuses, word) ? statuses[word] : undefined;
  if (status === undefined) throw wrong('Status', 'CLEARED, WARNING or CRITICAL', word);
  const instant = parseInstant(changedAt);
  if (instant === undefined) throw wrong('ChangedAt', 'a time as in RFC 3339', changedAt);
  return {
    tenantId,
    alarmId,
    alarmName: alarmId,
    oldState: plainStateOf('UNKNOWN'),
    newState: plainStateOf(status),
    oldStatus: 'UNKNOWN',
    status,
    severity: severityOf(status),
    stateChangeReason: `status changed to ${word}`,
    changedAt,
    timestamp: epochMsOf(instant),
  };
}

/** The field as this object spells it. */
function spelling(members: Members, field: Field): string {
  if (Object.hasOwn(members, field)) return field;
  return Object.keys(members).find((key) => key.toLowerCase() === field.toLowerCase()) ?? field;
}
