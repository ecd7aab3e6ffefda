import type { Fields } from '../ports/system.js';
import type { EventName } from '../telemetry/event-table.js';

/** What a person who waits for the lock wants to know: who holds it. Undefined for events that are not about that. */
export function lockNews(name: EventName, fields: Fields): string | undefined {
  if (name === 'lock_waiting') {
    return `waiting for the lock of ${fields.topic}, held by ${holderText(fields.holder)}; stop every engine of this group`;
  }
  if (name === 'lock_blocked') {
    return `waiting for the lock of ${fields.topic}: another kind of engine holds ZooKeeper node ${fields.path}; stop it`;
  }
  return undefined;
}

/** The data of a lock node is for people; where it is ours it is JSON with these members. */
function holderText(holder: unknown): string {
  if (typeof holder !== 'string' || holder === '') return 'somebody who left no name';
  try {
    const { host, pid, startedAt } = JSON.parse(holder) as Record<string, unknown>;
    return `process ${pid} on ${host}, started ${startedAt}`;
  } catch {
    return holder;
  }
}
