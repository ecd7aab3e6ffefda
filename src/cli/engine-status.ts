import type { StatusDocument } from '../admin/status-document.js';
import { EngineError, messageOf } from '../domain/errors.js';
import type { Clock } from '../ports/system.js';

/** What a running engine says of itself. */
export interface EngineStatus {
  readonly document: StatusDocument;
  /** What an operator should know although the engine may be ready, such as a stuck head. */
  readonly notes: readonly string[];
}

const answerLimitMs = 5000;
const answerLimitBytes = 4 << 20;

/** The base of the admin endpoint's URLs; an engine that listens everywhere is asked on loopback. */
export function adminUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Asks the admin endpoint at `url`. @throws EngineError, retriable, saying what was asked, where, and what to check. */
export async function askEngine(url: string, clock: Clock): Promise<EngineStatus> {
  const document = await ask(`${url}/status.json`, clock);
  const ready = await ask(`${url}/ready`, clock);
  if (!isStatusDocument(document)) {
    throw new EngineError(
      'STORE_UNAVAILABLE',
      `${url}/status.json answered, but not as an engine does; check the port`,
      {
        retriable: false,
      },
    );
  }
  const notes = isRecord(ready) && Array.isArray(ready.notes) ? ready.notes.map(String) : [];
  return { document, notes };
}

async function ask(url: string, clock: Clock): Promise<unknown> {
  const limit = clock.limit(answerLimitMs);
  try {
    const response = await fetch(url, { redirect: 'error', signal: limit.signal });
    const text = await boundedText(response);
    return JSON.parse(text);
  } catch (error) {
    const why = limit.expired ? `no answer within ${answerLimitMs / 1000} s` : reasonOf(error);
    throw new EngineError(
      'STORE_UNAVAILABLE',
      `asked ${url} for the status of the engine: ${why}; check that it runs there, and admin.host and admin.port`,
      { retriable: true, cause: error },
    );
  } finally {
    limit.clear();
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerLimitBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `fetch failed` alone helps nobody: its cause says why. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStatusDocument(value: unknown): value is StatusDocument {
  if (!isRecord(value)) return false;
  const lists = [value.partitions, value.queues, value.workers, value.reasons];
  return typeof value.role === 'string' && lists.every((list) => Array.isArray(list)) && isRecord(value.outcomes);
}
