import { readFileText } from '../config/read-file.js';
import type { Alarm } from '../domain/alarm.js';
import { EngineError, messageOf } from '../domain/errors.js';
import { parseAlarm } from '../domain/parse-alarm.js';
import { systemClock } from '../runtime/clock.js';

const rootKey = 'alarm-transitioned';
const fileMaxBytes = 1024 * 1024;

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > fileMaxBytes) throw malformed(`standard input: expected at most ${fileMaxBytes} bytes, got more`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function fileContent(file: string): string {
  const found = readFileText(file, fileMaxBytes);
  if (found.kind === 'text') return found.text;
  throw malformed(`${file}: expected a readable file, got ${found.why}`);
}

/**
 * Reads the alarm that a command is given: a file, or `-` for standard input; JSON with or without its root key.
 *
 * @throws ALARM_MALFORMED with what the engine would find wrong.
 */
export async function readAlarmFile(file: string): Promise<Alarm> {
  const text = file === '-' ? await standardInput() : fileContent(file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw malformed(`${file}: expected JSON: ${messageOf(error)}`);
  }
  const isWhole = typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, rootKey);
  const position = { topic: 'alarm-state-transitions', partition: 0, offset: 0n };
  const value = Buffer.from(isWhole ? text : JSON.stringify({ [rootKey]: parsed }));
  return parseAlarm({ position, recordedAtMs: systemClock.nowMs(), value });
}

function malformed(text: string): EngineError {
  return new EngineError('ALARM_MALFORMED', text, { retriable: false });
}
