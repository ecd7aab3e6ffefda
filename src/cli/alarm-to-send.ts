import { readFileText } from '../config/read-file.js';
import type { Alarm } from '../domain/alarm.js';
import { EngineError, messageOf } from '../domain/errors.js';
import { parseAlarm } from '../domain/parse-alarm.js';
import { type CommandArguments, UsageError } from './command.js';

const rootKey = 'alarm-transitioned';
const fileMaxBytes = 1024 * 1024;

/** One message for the alarm topic. */
export interface AlarmToSend {
  /** The tenant, so that the alarms of one tenant stay in order; empty when the message names none. */
  readonly key: string;
  readonly value: string;
  /** What the engine will read; without position. Undefined when it will find the message malformed, for the reason in `problem`. */
  readonly alarm: Alarm | undefined;
  readonly problem: string | undefined;
}

/** The options that describe an alarm on the command line. */
export const alarmOptions = {
  alarm: { value: 'FILE', description: 'the alarm as JSON, with or without its root key "alarm-transitioned"' },
  'alarm-id': { value: 'ID', description: 'id of the alarm; engines on the schema of 2014 look up by it' },
  state: { value: 'STATE', description: 'the new state, such as ALARM, OK or UNDETERMINED' },
  'definition-id': { value: 'ID', description: 'id of the alarm definition, by which its methods are found' },
  name: { value: 'TEXT', description: 'name of the alarm (default: its id)' },
  tenant: { value: 'ID', description: 'id of the tenant (default mon-notification)' },
  severity: { value: 'TEXT', description: 'LOW, MEDIUM, HIGH or CRITICAL (default LOW)' },
  reason: { value: 'TEXT', description: 'why the state has changed' },
} as const;

/** Makes the message that the options describe. @throws UsageError when they do not go together; EngineError for a file that is no JSON. */
export function alarmToSend(args: CommandArguments, nowMs: number): AlarmToSend {
  const file = args.text('alarm');
  if (file === undefined) return message(describedAlarm(args, nowMs), nowMs);
  const beside = Object.keys(alarmOptions).find((name) => name !== 'alarm' && args.has(name));
  if (beside !== undefined) throw new UsageError(`--${beside} does not go together with --alarm`);
  return message(alarmInFile(file), nowMs);
}

/** Every key that any consumer since 2014 insists on; the time in milliseconds, as producers since 2015 write it. */
function describedAlarm(args: CommandArguments, nowMs: number): object {
  const [alarmId, state] = [args.text('alarm-id'), args.text('state')];
  if (alarmId === undefined || state === undefined) {
    throw new UsageError('describe the alarm: --alarm FILE, or --alarm-id ID and --state STATE');
  }
  return {
    tenantId: args.text('tenant') ?? 'mon-notification',
    alarmId,
    alarmDefinitionId: args.text('definition-id') ?? '',
    metrics: [],
    alarmName: args.text('name') ?? alarmId,
    alarmDescription: '',
    oldState: state === 'OK' ? 'ALARM' : 'OK',
    newState: state,
    actionsEnabled: true,
    stateChangeReason: args.text('reason') ?? 'Sent by hand with mon-notification send-alarm',
    severity: args.text('severity') ?? 'LOW',
    link: null,
    lifecycleState: null,
    subAlarms: [],
    timestamp: nowMs,
  };
}

function alarmInFile(file: string): object {
  const found = readFileText(file, fileMaxBytes);
  if (found.kind === 'unusable') throw unusable(`--alarm ${file}: expected a readable file of JSON, got ${found.why}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(found.text);
  } catch (error) {
    throw unusable(`--alarm ${file}: expected JSON: ${messageOf(error)}`);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw unusable(`--alarm ${file}: expected a JSON object`);
}

function message(alarm: object, nowMs: number): AlarmToSend {
  const value = JSON.stringify(rootKey in alarm ? alarm : { [rootKey]: alarm });
  try {
    const position = { topic: '', partition: 0, offset: 0n };
    const read = parseAlarm({ position, recordedAtMs: nowMs, value: Buffer.from(value) });
    return { key: read.tenantId, value, alarm: read, problem: undefined };
  } catch (error) {
    return { key: '', value, alarm: undefined, problem: messageOf(error) };
  }
}

function unusable(text: string): EngineError {
  return new EngineError('ALARM_MALFORMED', text, { retriable: false });
}
