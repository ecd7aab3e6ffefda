import type { AlarmIdentity } from '../domain/alarm-event.js';

/** What `--list-ids` prints: a head, then name, `alarmId` and `alarmDefinitionId` of each alarm, as quoted SQL text with tabs between. */
export function identityList(alarms: readonly (AlarmIdentity & { readonly name: string })[]): readonly string[] {
  const rows = alarms.map(({ name, alarmId, alarmDefinitionId }) => [name, alarmId, alarmDefinitionId].map(sqlText));
  return [['-- name', 'alarmId', 'alarmDefinitionId'], ...rows].map((row) => row.join('\t'));
}

function sqlText(text: string): string {
  return `'${text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replace(/\p{Cc}/gu, ' ')}'`;
}
