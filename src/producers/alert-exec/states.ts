import type { AlarmStatus } from '../../domain/alarm-status.js';
import type { Announcer } from '../announcer.js';
import type { AlertJob } from './alert-job.js';

export type StateName = 'PASS' | 'WARN' | 'CRITICAL' | 'UNKNOWN';

/** How one alert is: as last found, and as those who are told know it. Both are PASS at the start. */
export interface AlertState {
  readonly name: string;
  readonly state: StateName;
  readonly announced: StateName;
}

const perLineCount = 10;

/** The name that the alerts server and its users know a status by. */
function stateNameOf(status: AlarmStatus): StateName {
  switch (status) {
    case 'OK':
      return 'PASS';
    case 'WARNING':
      return 'WARN';
    case 'CRITICAL':
    case 'UNKNOWN':
      return status;
    default:
      return status satisfies never;
  }
}

/** All alerts in the order of the list. */
export function alertStates(jobs: Iterable<AlertJob>, announcer: Announcer): readonly AlertState[] {
  return [...jobs].map(({ alert, status }) => ({
    name: alert.name,
    state: stateNameOf(status ?? 'OK'),
    announced: stateNameOf(announcer.announcedOf(alert.name) ?? 'OK'),
  }));
}

/** The same in words, a few alerts per line: the state found, and in brackets the one announced where it differs. */
export function stateLines(states: readonly AlertState[]): readonly string[] {
  const words = states.map(({ name, state, announced }) =>
    state === announced ? `${name} ${state}` : `${name} ${state} (announced ${announced})`,
  );
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += perLineCount) lines.push(words.slice(at, at + perLineCount).join(', '));
  return lines;
}
