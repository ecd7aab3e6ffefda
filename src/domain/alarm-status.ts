const alarmStatuses = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
/** How bad an alarm is, in the four levels of producers and digests; plain messages know three states only. */
export type AlarmStatus = (typeof alarmStatuses)[number];

/** The three states of a plain message. */
export type PlainState = 'OK' | 'ALARM' | 'UNDETERMINED';

/** True for one of the four words, in exactly these letters. */
export function isAlarmStatus(value: unknown): value is AlarmStatus {
  return alarmStatuses.some((status) => status === value);
}

/** What a plain consumer is told. */
export function plainStateOf(status: AlarmStatus): PlainState {
  switch (status) {
    case 'OK':
      return 'OK';
    case 'WARNING':
    case 'CRITICAL':
      return 'ALARM';
    case 'UNKNOWN':
      return 'UNDETERMINED';
    default:
      return status satisfies never;
  }
}

/** The severity that belongs to a status; of OK and UNKNOWN there is none. */
export function severityOf(status: AlarmStatus): 'MEDIUM' | 'CRITICAL' | undefined {
  switch (status) {
    case 'WARNING':
      return 'MEDIUM';
    case 'CRITICAL':
      return 'CRITICAL';
    case 'OK':
    case 'UNKNOWN':
      return undefined;
    default:
      return status satisfies never;
  }
}

/**
 * The status behind a plain state and its severity. A word that nobody knows is UNKNOWN; an alarm without a severity, or with a strange
 * one, is CRITICAL: too loud is better than too quiet. Letter case does not matter.
 */
export function statusOfPlain(state: string, severity: string | undefined): AlarmStatus {
  switch (state.trimEnd().toUpperCase()) {
    case 'OK':
      return 'OK';
    case 'ALARM':
      return /^(?:LOW|MEDIUM)$/i.test(severity ?? '') ? 'WARNING' : 'CRITICAL';
    default:
      return 'UNKNOWN';
  }
}
