import { definitionIdOf, uuidOf } from '../../domain/alarm-event.js';
import type { AlarmStatus } from '../../domain/alarm-status.js';
import type { Endpoint } from '../../domain/endpoint.js';
import type { Finding, WatchedAlarm } from '../announcement.js';
import type { CheckResult, Grade } from './check-result.js';

/** Whose alarms these are. */
export interface AlarmOwner {
  readonly tenantId: string;
  /** One for all alarms; undefined: each has its own. */
  readonly definitionId: string | undefined;
}

const statuses: Readonly<Record<Grade, AlarmStatus>> = { up: 'OK', degraded: 'WARNING', down: 'CRITICAL' };

/**
 * The alarm of each endpoint. Its id is a hash of name, method and URL, and of the ordinal where a file holds the same three again; its key
 * is their text, so that it can be named when it is in the file no more.
 */
export function endpointAlarms(endpoints: readonly Endpoint[], owner: AlarmOwner): ReadonlyMap<Endpoint, WatchedAlarm> {
  const seen = new Map<string, number>();
  const alarms = new Map<Endpoint, WatchedAlarm>();
  for (const endpoint of endpoints) {
    const parts = [endpoint.name, endpoint.method, endpoint.url];
    const ordinal = (seen.get(JSON.stringify(parts)) ?? 0) + 1;
    seen.set(JSON.stringify(parts), ordinal);
    alarms.set(endpoint, alarmOf(ordinal === 1 ? parts : [...parts, String(ordinal)], owner));
  }
  return alarms;
}

/** The alarm that an earlier run kept under this key; undefined when it is none of ours. */
export function alarmOfKey(key: string, owner: AlarmOwner): WatchedAlarm | undefined {
  try {
    const parts: unknown = JSON.parse(key);
    const isOurs = Array.isArray(parts) && parts.length >= 3 && parts.every((part) => typeof part === 'string');
    return isOurs ? alarmOf(parts, owner) : undefined;
  } catch {
    return undefined;
  }
}

function alarmOf(parts: readonly string[], { tenantId, definitionId }: AlarmOwner): WatchedAlarm {
  const [name = '', method = '', url = ''] = parts;
  const alarmId = uuidOf(parts);
  return {
    ...{ tenantId, alarmId, alarmDefinitionId: definitionId ?? definitionIdOf(alarmId) },
    ...{ key: JSON.stringify(parts), name, description: `${method} ${url}`, worker: 'monitor-endpoints' },
    repeatMs: undefined,
  };
}

/** What one check says of its alarm. Holds nothing of headers, bodies and logins. */
export function findingOf(result: CheckResult, nowMonoMs: number): Finding {
  const { endpoint, grade, status, latencyMs, cause, detail } = result;
  const failure = cause === undefined || cause === 'status' ? {} : { error: detail ?? cause };
  const answer = status === undefined ? {} : { httpStatus: status };
  const { url, method } = endpoint;
  return {
    status: statuses[grade],
    reason: reasonOf(result),
    details: { ...answer, latencyMs: Math.round(latencyMs), ...failure, url, method },
    scheduledMonoMs: nowMonoMs,
  };
}

/** In words: `status 503 after 120 ms`. */
export function reasonOf({ grade, status, latencyMs, cause, detail }: CheckResult): string {
  const after = `after ${Math.round(latencyMs)} ms`;
  switch (grade) {
    case 'up':
      return `recovered: ${status} ${after}`;
    case 'degraded':
      return `slow: ${status} ${after}`;
    case 'down':
      if (cause === 'timeout') return detail ?? 'no answer';
      return cause === 'status' ? `status ${status} ${after}` : `${cause} failure ${after}: ${detail}`;
    default:
      return grade satisfies never;
  }
}
