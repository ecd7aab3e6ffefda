import { setMaxListeners } from 'node:events';
import {
  createPool,
  type Pool,
  type PoolConnection,
  type PoolOptions,
  type RowDataPacket,
  type SslOptions,
} from 'mysql2';
import { type EngineError, givenUp } from '../../domain/errors.js';
import type { Secret } from '../../domain/secret.js';
import type { Clock } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { factsOf, isLost, NoAnswer, unavailable } from './mysql-errors.js';

/** How MySQL is reached and asked. */
export interface MysqlOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly db: string;
  /** Undefined: no TLS. */
  readonly ssl: MysqlTls | undefined;
  /** Which column of alarm_action the alarm is looked up by; `auto` prefers the definition where the table has it. */
  readonly lookup: 'auto' | 'definition' | 'alarm';
  /** How methods wish to hear of alarms, by id, as the configuration says; wins over the table of options. */
  readonly deliveries?: Readonly<Record<string, 'immediate' | 'digest'>>;
  /** At most this many connections per process; two carry lookups. */
  readonly connections: number;
  /** Limit of one question in all: waiting for a connection, one repetition on a fresh one, and the answer. */
  readonly queryTimeoutMs: number;
}

/** PEM texts, not paths. Without `ca` the certificate authorities of Node count. */
export interface MysqlTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  readonly passphrase?: Secret;
  /** False takes any certificate. */
  readonly rejectUnauthorized: boolean;
}

/** What the pool needs of the process around it. */
export interface MysqlDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** One row, as the driver reads it: text, numbers, null, and bytes of binary columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface MysqlQuestion {
  /** Names the question for people; one of a small set. */
  readonly what: string;
  readonly sql: string;
  readonly values: readonly (string | number)[];
  readonly signal?: AbortSignal;
  /** A refusal is no outage, because the engine can do without the answer. */
  readonly mayBeRefused?: boolean;
}

const closeLimitMs = 1000;

/**
 * Connections to one MySQL or MariaDB, and questions with a limit.
 *
 * A connection that gave no answer in time is cut, because a pool would lend it out while its old statement still runs. A connection that was
 * lost costs one repetition; further patience is the caller's. The beginning and the end of each outage are logged once.
 */
export class MysqlPool {
  readonly #options: MysqlOptions;
  readonly #deps: MysqlDeps;
  readonly #pool: Pool;
  readonly #open = new Set<PoolConnection>();
  readonly #closing = new AbortController();
  /** What fails now: `connection`, or the name of a question that MySQL refuses. */
  readonly #failing = new Set<string>();

  constructor(options: MysqlOptions, deps: MysqlDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#pool = createPool(poolOptions(options));
    // One listener per question.
    setMaxListeners(0, this.#closing.signal);
    this.#pool.on('connection', (connection) => this.#prepare(connection));
  }

  /**
   * Asks MySQL.
   *
   * @throws DIRECTORY_UNAVAILABLE, retriable, with the library's error as its cause; ABORTED when `signal` aborts first.
   */
  async query(question: MysqlQuestion): Promise<readonly Row[]> {
    const { what, signal } = question;
    // AbortSignal.any leaves a trace of each question on both signals, which live long.
    const ending = new AbortController();
    const limit = this.#deps.clock.limit(this.#options.queryTimeoutMs, ending.signal);
    const givers = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    const giveUp = () => ending.abort();
    for (const giver of givers) giver.addEventListener('abort', giveUp);
    if (givers.some(({ aborted }) => aborted)) giveUp();
    try {
      const rows = await this.#patiently(question, limit.signal);
      this.#works('connection', what);
      return rows;
    } catch (error) {
      throw ending.signal.aborted ? this.#givenUp(what) : this.#failed(question, error);
    } finally {
      for (const giver of givers) giver.removeEventListener('abort', giveUp);
      limit.clear();
    }
  }

  /** Ends within a second, whatever the server does. */
  async close(): Promise<void> {
    this.#closing.abort();
    const limit = this.#deps.clock.limit(closeLimitMs);
    try {
      await settled<void>(limit.signal, (done) => this.#pool.end((error) => done(error, undefined)));
    } catch {
      for (const connection of this.#open) connection.destroy();
    } finally {
      limit.clear();
    }
  }

  async #patiently(question: MysqlQuestion, signal: AbortSignal): Promise<readonly Row[]> {
    try {
      return await this.#once(question, signal);
    } catch (error) {
      // An idle connection may have been closed by the server long ago; only a question finds out.
      if (!isLost(error) || signal.aborted) throw error;
      return await this.#once(question, signal);
    }
  }

  async #once({ sql, values }: MysqlQuestion, signal: AbortSignal): Promise<readonly Row[]> {
    const connection = await this.#connection(signal);
    try {
      const rows = await settled<Row[]>(signal, (done) =>
        connection.query<RowDataPacket[]>({ sql, values: [...values] }, (error, found) => done(error, found)),
      );
      connection.release();
      return rows;
    } catch (error) {
      if (error instanceof NoAnswer || isLost(error)) connection.destroy();
      else connection.release();
      throw error;
    }
  }

  #connection(signal: AbortSignal): Promise<PoolConnection> {
    return settled<PoolConnection>(signal, (done) =>
      this.#pool.getConnection((error, connection) => {
        if (error !== null || !signal.aborted) done(error, connection);
        else connection.release();
      }),
    );
  }

  /** Runs before the first question of a connection. The escapes of the driver are safe only without NO_BACKSLASH_ESCAPES. */
  #prepare(connection: PoolConnection): void {
    this.#open.add(connection);
    connection.once('end', () => this.#open.delete(connection));
    const limitMs = this.#options.queryTimeoutMs;
    // The first comment is read by MariaDB alone, the second by MySQL from 5.7.8 on alone: neither knows the other's name of the limit.
    const sql = `SET SESSION autocommit = 1, sql_mode = '' /*M!100101 , max_statement_time = ${limitMs / 1000} */ /*!50708 , max_execution_time = ${limitMs} */`;
    connection.query(sql, (error) => {
      if (error !== null) connection.destroy();
    });
  }

  #works(...names: readonly string[]): void {
    for (const name of names) {
      if (this.#failing.delete(name)) this.#deps.telemetry.event('mysql_back', { ...this.#place(), what: name });
    }
  }

  #failed({ what, mayBeRefused = false }: MysqlQuestion, error: unknown): EngineError {
    const facts = factsOf(error, this.#options.queryTimeoutMs);
    const name = facts.isRefusal ? what : 'connection';
    if (facts.isRefusal) this.#works('connection');
    if (!this.#failing.has(name) && !(facts.isRefusal && mayBeRefused)) {
      this.#failing.add(name);
      this.#deps.telemetry.event('mysql_away', { ...this.#place(), what: name, code: facts.code, check: facts.check });
    }
    return unavailable(what, this.#place(), facts, error);
  }

  #givenUp(what: string): EngineError {
    const { host, port, db } = this.#place();
    const message = `asked MySQL at ${host}:${port}/${db} for ${what}: given up before it answered`;
    return givenUp(message);
  }

  #place(): { readonly host: string; readonly port: number; readonly db: string } {
    return { host: this.#options.host, port: this.#options.port, db: this.#options.db };
  }
}

function poolOptions({ ssl, ...options }: MysqlOptions): PoolOptions {
  return {
    host: options.host,
    port: options.port,
    user: options.user,
    password: options.password.reveal(),
    database: options.db,
    charset: 'utf8mb4',
    multipleStatements: false,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectionLimit: options.connections,
    queueLimit: 100,
    connectTimeout: options.queryTimeoutMs,
    enableKeepAlive: true,
    idleTimeout: 60_000,
    ...(ssl === undefined ? {} : { ssl: tlsOptions(ssl) }),
  };
}

function tlsOptions({ ca, cert, key, passphrase, rejectUnauthorized }: MysqlTls): SslOptions {
  return {
    rejectUnauthorized,
    // The library does not compare the name in the certificate with the host unless it is told to.
    verifyIdentity: rejectUnauthorized,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: key.reveal() }),
    ...(passphrase === undefined ? {} : { passphrase: passphrase.reveal() }),
  };
}

type Done<T> = (error: Error | null | undefined, value: T) => void;

/** The answer of a call with a callback, or NoAnswer as soon as `signal` aborts. */
function settled<T>(signal: AbortSignal, start: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abandon = () => reject(new NoAnswer());
    if (signal.aborted) {
      abandon();
      return;
    }
    signal.addEventListener('abort', abandon, { once: true });
    start((error, value) => {
      signal.removeEventListener('abort', abandon);
      if (error) reject(error);
      else resolve(value);
    });
  });
}
