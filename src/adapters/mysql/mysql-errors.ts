import { EngineError } from '../../domain/errors.js';

/** Time was up before MySQL said anything. */
export class NoAnswer extends Error {}

/** What people need of an error of the driver. Holds no statement and no value. */
export interface MysqlFacts {
  readonly code: string;
  readonly words: string;
  readonly check: string;
  /** MySQL is there and refuses this question. */
  readonly isRefusal: boolean;
}

const noSuchTable = 1146;
const unknownColumn = 1054;
const tableDenied = 1142;
const columnDenied = 1143;

/** What to look at, by the number of the server's error; those listed here quote no data, so their text may be shown. */
const serverChecks: Readonly<Record<number, string>> = {
  1040: 'max_connections of the server: it has no connection left',
  1044: 'mysql.db and the grants of mysql.user',
  1045: 'mysql.user, mysql.passwd and the grants of that user',
  1049: 'mysql.db: the server has no such database',
  [unknownColumn]: 'mysql.lookup and the schema: a column is missing',
  1129: 'the server has blocked this host after too many errors: FLUSH HOSTS',
  1130: 'the grants: this host may not connect',
  [tableDenied]: 'the grants: mysql.user needs SELECT on the tables of mysql.db',
  [columnDenied]: 'the grants: mysql.user needs SELECT on the tables of mysql.db',
  [noSuchTable]: 'mysql.db: a table is missing, so the schema is not there or is another one',
  1203: 'max_user_connections of the server',
  1226: 'the resource limits of mysql.user',
};

const systemChecks: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'mysql.host, mysql.port, and whether MySQL runs',
  ENOTFOUND: 'mysql.host: the name does not resolve',
  EAI_AGAIN: 'the name servers: mysql.host could not be resolved',
  ETIMEDOUT: 'mysql.host, mysql.port and the network: no connection in time',
  EHOSTUNREACH: 'mysql.host and the network',
  HANDSHAKE_NO_SSL_SUPPORT: 'mysql.ssl: the server offers no TLS',
  HANDSHAKE_SSL_ERROR: 'mysql.ssl: the certificate of the server',
};

/** Errors after which the connection is gone although the driver may not say so: shutdown, killed, idle for too long. */
const lostNumbers = new Set([1053, 1927, 2006, 2013, 4031]);
const lostCodes = new Set(['ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST']);
const connectNumbers = new Set([1040, 1044, 1045, 1049, 1129, 1130, 1203, 1226]);

/** The number of the server's error, if it is one. */
export function numberOf(error: unknown): number | undefined {
  const number = fieldOf(error, 'errno');
  return typeof number === 'number' && number > 0 ? number : undefined;
}

/** True when the connection was lost, so that the same question may succeed on another one. */
export function isLost(error: unknown): boolean {
  if (lostNumbers.has(numberOf(error) ?? 0)) return true;
  return lostCodes.has(String(fieldOf(error, 'code')));
}

/** True when the tables are not what they were when their columns were looked at. */
export function isOtherSchema(error: unknown): boolean {
  const number = error instanceof EngineError ? numberOf(error.cause) : undefined;
  return number === unknownColumn || number === noSuchTable;
}

/** Describes an error of the driver. `limitMs` is the time that was given. */
export function factsOf(error: unknown, limitMs: number): MysqlFacts {
  if (error instanceof NoAnswer) {
    const words = `no answer within ${limitMs} ms`;
    return { code: 'NO_ANSWER', words, check: 'the load of MySQL and the network', isRefusal: false };
  }
  const number = numberOf(error) ?? 0;
  const code = String(fieldOf(error, 'code') ?? 'UNKNOWN');
  const isRefusal = number > 0 && !connectNumbers.has(number) && !isLost(error);
  const known = serverChecks[number];
  if (known !== undefined) {
    return { code, words: String(fieldOf(error, 'sqlMessage') ?? '').slice(0, 200), check: known, isRefusal };
  }
  const check = systemChecks[code] ?? 'the log of MySQL';
  return { code, words: isLost(error) ? 'the connection was lost' : 'it failed', check, isRefusal };
}

/** The one error that leaves this adapter. Says what was asked, where, what came back and what to look at. */
export function unavailable(
  what: string,
  place: { readonly host: string; readonly port: number; readonly db: string },
  facts: MysqlFacts,
  cause?: unknown,
): EngineError {
  const where = `MySQL at ${place.host}:${place.port}/${place.db}`;
  return new EngineError(
    'DIRECTORY_UNAVAILABLE',
    `asked ${where} for ${what}: ${facts.words} (${facts.code}); check ${facts.check}`,
    { retriable: true, cause },
  );
}

function fieldOf(error: unknown, field: string): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
}
