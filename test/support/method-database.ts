import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { randomName } from './random-name.js';
import { repoRoot } from './repo.js';
import type { MysqlAddress } from './services.js';

/** The three generations of the schema: actions by definition; by alarm and state; by alarm, for every state. */
export type SchemaForm = 'definition' | 'alarm' | 'alarm_without_state';

/** A row of notification_method. */
export interface MethodRow {
  readonly id: string;
  readonly type: string;
  readonly address: string | null;
}

/** A database of one test's own, with who wants to be told of what. */
export class MethodDatabase {
  readonly name = randomName('db');
  readonly form: SchemaForm;
  readonly #connection: Connection;

  private constructor(connection: Connection, form: SchemaForm) {
    this.#connection = connection;
    this.form = form;
  }

  static async create(
    { host, port, user, password }: MysqlAddress,
    form: SchemaForm = 'definition',
  ): Promise<MethodDatabase> {
    const connection = await createConnection({ host, port, user, password, multipleStatements: true });
    const database = new MethodDatabase(connection, form);
    const file = form === 'definition' ? 'schema.sql' : 'schema-2014.sql';
    const schema = await readFile(join(repoRoot(), 'deploy/dev', file), 'utf8');
    await database.run(
      `CREATE DATABASE ${database.name} DEFAULT CHARACTER SET utf8mb4; USE ${database.name}; ${schema}`,
    );
    if (form === 'alarm_without_state')
      await database.run(
        'ALTER TABLE alarm_action DROP PRIMARY KEY, DROP COLUMN alarm_state, ADD PRIMARY KEY (alarm_id, action_id)',
      );
    return database;
  }

  async run(sql: string, values: readonly (string | null)[] = []): Promise<void> {
    await this.#connection.query(sql, [...values]);
  }

  /** Runs something as another user, such as one who may grant. */
  async runAs({ host, port, user, password }: Pick<MysqlAddress, 'host' | 'port' | 'user' | 'password'>, sql: string) {
    const connection = await createConnection({ host, port, user, password });
    await connection.query(sql);
    connection.destroy();
  }

  async method({ id, type, address }: MethodRow): Promise<void> {
    const isByDefinition = this.form === 'definition';
    if (isByDefinition) await this.run('INSERT IGNORE INTO notification_method_type VALUES (?)', [type]);
    await this.run(
      `INSERT INTO notification_method VALUES (?, 't1', ?, ?, ?, now(), now()${isByDefinition ? ', 0' : ''})`,
      [id, `method ${id}`, type, address],
    );
  }

  /** An alarm definition, or in the older forms an alarm, whose ALARM state has these actions. */
  async actions(id: string, methodIds: readonly string[]): Promise<void> {
    if (this.form === 'definition')
      await this.run("INSERT INTO alarm_definition VALUES (?, 't1', 'n', '', '', 'LOW', '', 1, now(), now(), NULL)", [
        id,
      ]);
    else await this.run("INSERT INTO alarm VALUES (?, 't1', 'n', '', '', 'OK', 1, now(), now(), NULL)", [id]);
    const state = this.form === 'alarm_without_state' ? '' : "'ALARM', ";
    for (const methodId of methodIds) await this.run(`INSERT INTO alarm_action VALUES (?, ${state}?)`, [id, methodId]);
  }

  async drop(): Promise<void> {
    await this.run(`DROP DATABASE ${this.name}`);
  }

  close(): void {
    this.#connection.destroy();
  }
}
