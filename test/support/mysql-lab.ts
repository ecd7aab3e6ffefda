import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import mysql from 'mysql2/promise';
import { MysqlMethodDirectory } from '../../src/adapters/mysql/method-directory.js';
import type { MysqlOptions } from '../../src/adapters/mysql/pool.js';
import { Secret } from '../../src/domain/secret.js';
import { systemClock } from '../../src/runtime/clock.js';
import type { ActionRow, MethodRow } from '../contract/method-directory.js';
import { RecordingTelemetry } from './fakes/recording-telemetry.js';
import { waitFor } from './wait-for.js';

interface Services {
  readonly mysql: Readonly<{
    host: string;
    port: number;
    user: string;
    password: string;
    admin: Readonly<{ user: string; password: string }>;
  }>;
  kill(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  pid(name: string): number;
  pause(name: string): void;
  resume(name: string): void;
  stop(): Promise<void>;
}

/** The three forms of the schema: March 2014 without states, spring 2014, and the final generation. */
export const schemaForms = ['stateless', 'alarm', 'definition'] as const;
export type SchemaName = (typeof schemaForms)[number];

const times = 'created_at datetime NOT NULL DEFAULT now(), updated_at datetime NOT NULL DEFAULT now()';
const methodTable = (type: string, address: number, more = '') =>
  `CREATE TABLE notification_method (id varchar(36) NOT NULL PRIMARY KEY, tenant_id varchar(36) NOT NULL, name varchar(250),
     type ${type} NOT NULL, address varchar(${address}), ${times} ${more})`;

/** The tables of the predecessor, as far as the engine looks at them. */
const schemas: Readonly<Record<SchemaName, readonly string[]>> = {
  stateless: [
    'CREATE TABLE alarm_action (alarm_id varchar(36) NOT NULL, action_id varchar(36) NOT NULL, PRIMARY KEY (alarm_id, action_id))',
    methodTable("enum('EMAIL','SMS','WEBHOOK')", 100),
  ],
  alarm: [
    "CREATE TABLE alarm (id varchar(36) NOT NULL PRIMARY KEY, state enum('UNDETERMINED','OK','ALARM') NOT NULL)",
    `CREATE TABLE alarm_action (alarm_id varchar(36) NOT NULL, alarm_state enum('UNDETERMINED','OK','ALARM') NOT NULL,
       action_id varchar(36) NOT NULL, PRIMARY KEY (alarm_id, alarm_state, action_id))`,
    methodTable("enum('EMAIL','SMS','WEBHOOK')", 100),
  ],
  definition: [
    'CREATE TABLE notification_method_type (name varchar(20) NOT NULL PRIMARY KEY)',
    'CREATE TABLE alarm (id varchar(36) NOT NULL PRIMARY KEY, alarm_definition_id varchar(36) NOT NULL, state varchar(20))',
    `CREATE TABLE alarm_action (alarm_definition_id varchar(36) NOT NULL, alarm_state varchar(20) NOT NULL,
       action_id varchar(36) NOT NULL, PRIMARY KEY (alarm_definition_id, alarm_state, action_id))`,
    methodTable('varchar(20)', 5000, ', period int NOT NULL DEFAULT 0'),
  ],
};

/** One database of a form, with the account of the engine and another hand on it. */
export class MysqlDatabase {
  readonly #lab: MysqlLab;
  readonly #form: SchemaName;
  readonly name = `t_${randomUUID().replaceAll('-', '')}`;

  constructor(lab: MysqlLab, form: SchemaName) {
    this.#lab = lab;
    this.#form = form;
  }

  options(changes: Partial<MysqlOptions> = {}): MysqlOptions {
    const { host, port, user, password } = this.#lab.services.mysql;
    const base = { host, port, user, password: new Secret(password), db: this.name, ssl: undefined };
    return { ...base, lookup: 'auto', connections: 4, queryTimeoutMs: 3000, ...changes };
  }

  open(changes: Partial<MysqlOptions> = {}, telemetry = new RecordingTelemetry()): MysqlMethodDirectory {
    return new MysqlMethodDirectory(this.options(changes), { clock: systemClock, telemetry });
  }

  sql(statement: string, values: readonly (string | number | null)[] = []): Promise<unknown> {
    return this.#lab.sql(statement, values, this.name);
  }

  async addMethod({ id, type, name, address, periodSeconds }: MethodRow): Promise<void> {
    const period = this.#form === 'definition' ? { period: periodSeconds } : {};
    await this.#insert('notification_method', { id, tenant_id: 't-17', type, name, address, ...period });
  }

  async addAction({ alarmId, definitionId, state, methodId }: ActionRow): Promise<void> {
    const owner = this.#form === 'definition' ? { alarm_definition_id: definitionId } : { alarm_id: alarmId };
    const when = this.#form === 'stateless' ? {} : { alarm_state: state };
    await this.#insert('alarm_action', { ...owner, ...when, action_id: methodId });
  }

  /** Of an alarm, which is there from then on. */
  async setState(alarmId: string, state: string): Promise<void> {
    if (this.#form === 'stateless') return;
    const definition = this.#form === 'definition' ? { alarm_definition_id: 'd-state' } : {};
    await this.sql('DELETE FROM alarm WHERE id = ?', [alarmId]);
    await this.#insert('alarm', { id: alarmId, ...definition, state });
  }

  async #insert(table: string, row: Readonly<Record<string, string | number | null>>): Promise<void> {
    const columns = Object.keys(row);
    const marks = columns.map(() => '?').join(', ');
    await this.sql(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`, Object.values(row));
  }
}

/** A private MariaDB, with a client of the test's own. */
export class MysqlLab {
  readonly services: Services;
  #admin: mysql.Pool;

  private constructor(services: Services) {
    this.services = services;
    this.#admin = this.#connect();
  }

  static async start(): Promise<MysqlLab> {
    const file = new URL('../../../../deploy/dev/services.mjs', import.meta.url);
    const { startServices } = (await import(file.href)) as { startServices(options: unknown): Promise<Services> };
    return new MysqlLab(await startServices({ env: {}, only: ['mysql'], log: () => undefined }));
  }

  async createDatabase(form: SchemaName, characterSet = 'utf8mb4 COLLATE utf8mb4_unicode_ci'): Promise<MysqlDatabase> {
    const database = new MysqlDatabase(this, form);
    await this.sql(`CREATE DATABASE ${database.name} DEFAULT CHARACTER SET ${characterSet}`);
    for (const statement of schemas[form]) await database.sql(statement);
    await this.sql(`GRANT ALL ON ${database.name}.* TO ${this.#account()}`);
    return database;
  }

  /** One statement by the administrator, in a database if one is named. */
  async sql(statement: string, values: readonly (string | number | null)[] = [], database?: string): Promise<unknown> {
    const connection = await this.#admin.getConnection();
    try {
      if (database !== undefined) await connection.query(`USE ${database}`);
      const [rows] = await connection.query(statement, [...values]);
      return rows;
    } finally {
      connection.release();
    }
  }

  /** Ends all connections of the engine's account, as a server does with idle ones. */
  async killConnections(): Promise<number> {
    const ids = await this.#connections();
    for (const id of ids) await this.sql('KILL ?', [id]);
    return ids.length;
  }

  /** How many connections the account of the engine has. */
  async connectionCount(): Promise<number> {
    return (await this.#connections()).length;
  }

  /** Returns when no thread of the server runs any more: a signal to stop takes its time, and an answer may slip through. */
  async freeze(): Promise<void> {
    this.services.pause('mysql');
    const tasks = `/proc/${this.services.pid('mysql')}/task`;
    await waitFor(async () => {
      const stats = await Promise.all((await readdir(tasks)).map((task) => readFile(`${tasks}/${task}/stat`, 'utf8')));
      return stats.every((stat) => /\) T /.test(stat));
    }, 'every thread of MariaDB to stand still');
  }

  thaw(): void {
    this.services.resume('mysql');
  }

  async restart(): Promise<void> {
    await this.services.restart('mysql');
    this.#admin = this.#connect();
  }

  async stop(): Promise<void> {
    await this.#admin.end();
    await this.services.stop();
  }

  async #connections(): Promise<readonly number[]> {
    const sql = 'SELECT id FROM information_schema.processlist WHERE user = ?';
    const rows = (await this.sql(sql, [this.services.mysql.user])) as { id: number }[];
    return rows.map(({ id }) => id);
  }

  #connect(): mysql.Pool {
    const { host, port, admin } = this.services.mysql;
    return mysql.createPool({ host, port, ...admin, connectionLimit: 2, charset: 'utf8mb4' });
  }

  #account(): string {
    return `'${this.services.mysql.user}'@'127.0.0.1'`;
  }
}
