import { type AlarmEvent, type EventMessage, encodeAlarmEvent } from '../domain/alarm-event.js';
import { canaryTenantId } from '../domain/canary.js';

/** Always the same, so that whoever keeps something per alarm keeps one thing. */
const identity = { tenantId: canaryTenantId, alarmId: 'canary', alarmDefinitionId: 'canary' };

/**
 * The message of one canary. It says that all is well and has not changed, so that no consumer which does not know it has a reason to act.
 *
 * `sequence` grows from one to the next of an engine.
 */
export function canaryMessage(
  source: Omit<AlarmEvent['source'], 'type'>,
  { atMs, sequence }: Pick<AlarmEvent, 'atMs' | 'sequence'>,
): EventMessage {
  return encodeAlarmEvent({
    ...identity,
    alarmName: 'Canary of mon-notification',
    alarmDescription: 'Written by the engine itself, to see whether alarms arrive. It concerns nobody.',
    oldStatus: 'OK',
    status: 'OK',
    reason: 'Canary',
    changedAtMs: atMs,
    atMs,
    kind: 'repeat',
    sequence,
    source: { ...source, type: 'canary' },
    details: undefined,
    labels: undefined,
    link: undefined,
  });
}
