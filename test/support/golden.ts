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

/** One recorded case: what an earlier generation sent for that alarm. */
export interface GoldenCase {
  readonly name: string;
  readonly expect: {
    readonly requests?: readonly { readonly body: string }[];
    readonly calls?: readonly {
      readonly call: string;
      readonly args?: readonly string[];
      readonly fields?: Readonly<Record<string, unknown>>;
    }[];
  };
}

/** The recorded case of that name. */
export function goldenCase(name: string): GoldenCase {
  const { cases } = JSON.parse(readFileSync(join(repoRoot(), 'test/data/golden-plugins.json'), 'utf8'));
  const found = cases.find((one: GoldenCase) => one.name === name);
  if (found === undefined) throw new Error(`no recorded case ${name}`);
  return found;
}
