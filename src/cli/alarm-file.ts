import type { RawAlarm } from '../domain/alarm.js';
import { EngineError } from '../domain/errors.js';
import { type ReadAlarm, readAlarm } from '../domain/parse-alarm.js';
import { systemClock } from '../runtime/clock.js';
import { readInput } from './read-input.js';

const rootKey = 'alarm-transitioned';
/** Twice of what the engine takes, so that the engine's own words come for what is a little too large. */
const fileMaxBytes = 2 * 1024 * 1024;

/**
 * Reads the message that a command is given: a file, or `-` for standard input; a message, or the object inside its root key.
 *
 * @throws ALARM_MALFORMED when there is nothing that can be read.
 */
export async function readMessageFile(file: string, topic: string): Promise<RawAlarm> {
  const found = await readInput(file, fileMaxBytes);
  if (found.kind === 'unusable') {
    const text = `${file}: expected a readable file with an alarm, got ${found.why}`;
    throw new EngineError('ALARM_MALFORMED', text, { retriable: false });
  }
  const isInside = /^\s*\{/.test(found.text) && hasAlarmId(found.text);
  const value = Buffer.from(isInside ? `{"${rootKey}":${found.text}}` : found.text);
  return { position: { topic, partition: 0, offset: 0n }, value, recordedAtMs: systemClock.nowMs() };
}

/** The alarm in it. @throws ALARM_MALFORMED with what the engine would find wrong, too. */
export async function readAlarmFile(file: string, topic: string): Promise<ReadAlarm> {
  return readAlarm(await readMessageFile(file, topic));
}

function hasAlarmId(text: string): boolean {
  try {
    return Object.hasOwn(JSON.parse(text) as object, 'alarmId');
  } catch {
    return false;
  }
}
