import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Alarm } from '../../src/domain/alarm.js';
import { anAlarm } from './notifications.js';
import { repoRoot } from './repo.js';

/** The alarm that the recorded outputs of earlier generations were made from. Source: test/data/golden-plugins.json. */
export function goldenAlarm(): Alarm {
  const { alarm } = JSON.parse(readFileSync(join(repoRoot(), 'test/data/golden-plugins.json'), 'utf8'));
  return anAlarm({
    alarmId: alarm.alarmId,
    alarmName: alarm.alarmName,
    alarmDescription: alarm.alarmDescription,
    alarmDefinitionId: alarm.alarmDefinitionId,
    tenantId: alarm.tenantId,
    oldState: alarm.oldState,
    newState: alarm.newState,
    stateChangeReason: alarm.stateChangeReason,
    severity: alarm.severity,
    link: alarm.link,
    lifecycleState: alarm.lifecycleState,
    metrics: alarm.metrics,
    changedAtMs: alarm.timestamp,
    rawAlarm: JSON.stringify(alarm),
  });
}
