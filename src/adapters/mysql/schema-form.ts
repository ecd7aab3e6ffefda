import { EngineError } from '../../domain/errors.js';
import type { MysqlOptions, MysqlPool } from './pool.js';

/** What the tables of this database look like, as far as a lookup must know. */
export interface SchemaForm {
  /** The column of alarm_action that says whose action it is. */
  readonly owner: 'alarm_definition_id' | 'alarm_id';
  /** False before 20 March 2014: every action was for every state. */
  readonly hasState: boolean;
  readonly hasPeriod: boolean;
  readonly hasTenant: boolean;
  /** Whether methods have options, such as their delivery. */
  readonly hasOptions: boolean;
  /** Whether the table alarm says in which state an alarm is. */
  readonly hasAlarmState: boolean;
}

/** What is asked for by id: the methods of a definition, those of an alarm, one method, or the state of an alarm. */
export type QuestionKind = 'definition' | 'alarm' | 'method' | 'state';

const tableNames = ['alarm_action', 'notification_method', 'alarm', 'notification_method_option'] as const;
/** Longer texts are cut by MySQL, so that a strange row costs little; a cut address is known by its length. */
export const maxAddressLength = 4096;
const maxTextLength = 512;

/**
 * Looks at the columns and chooses the form.
 *
 * @throws DIRECTORY_UNAVAILABLE when MySQL does not answer, shows no alarm_action, or has no column of the kind that `lookup` insists on.
 */
export async function readSchemaForm(pool: MysqlPool, lookup: MysqlOptions['lookup']): Promise<SchemaForm> {
  const what = 'the columns of alarm_action';
  const sql =
    'SELECT TABLE_NAME AS tableName, COLUMN_NAME AS columnName FROM information_schema.COLUMNS ' +
    'WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?, ?, ?, ?)';
  const rows = await pool.query({ what, sql, values: [...tableNames] });
  const columns = new Set(rows.map((row) => `${row.tableName}.${row.columnName}`.toLowerCase()));
  const hasDefinition = columns.has('alarm_action.alarm_definition_id');
  const hasAlarm = columns.has('alarm_action.alarm_id');
  // What may not be read is not listed either: MySQL itself can say whether the table or the right is missing.
  if (!hasDefinition && !hasAlarm) await pool.query({ what, sql: 'SELECT 1 FROM alarm_action LIMIT 0', values: [] });
  const wantsDefinition = lookup === 'definition' || (lookup === 'auto' && hasDefinition);
  if (wantsDefinition ? !hasDefinition : !hasAlarm) {
    const missing = wantsDefinition ? 'alarm_definition_id' : 'alarm_id';
    const message = `alarm_action has no column ${missing}, and mysql.lookup is ${lookup}; check both`;
    throw new EngineError('DIRECTORY_UNAVAILABLE', message, { retriable: true });
  }
  return {
    owner: wantsDefinition ? 'alarm_definition_id' : 'alarm_id',
    hasState: columns.has('alarm_action.alarm_state'),
    hasPeriod: columns.has('notification_method.period'),
    hasTenant: columns.has('notification_method.tenant_id'),
    hasOptions: ['method_id', 'option', 'value'].every((name) => columns.has(`notification_method_option.${name}`)),
    hasAlarmState: columns.has('alarm.id') && columns.has('alarm.state'),
  };
}

/** What a statement is to fit. */
export interface StatementNeeds {
  readonly count: number;
  readonly maxRowCount: number;
  readonly isConverted: boolean;
  /** The state does not choose the rows; each says as `boundState` what it is for. */
  readonly isAnyState?: boolean;
}

/** The key of the table holds one row of each option; a table without that key must not break the lookup. */
const optionColumns = ['delivery', 'schedule', 'empty'].map(
  (option) =>
    `(SELECT MAX(LEFT(o.value, ${maxTextLength})) FROM notification_method_option o ` +
    `WHERE o.method_id = m.id AND o.\`option\` = '${option}') AS \`${option}\``,
);

/**
 * The statement that asks for `count` ids of one kind at once, in one state.
 *
 * Its values are the ids and then, when `hasStateValue` says so, the state. `asked` of each row is the id as the database has it, which may
 * differ in case and trailing blanks from the one that was asked for. With `isConverted` the columns are compared as utf8mb4, without an index:
 * MySQL refuses to compare a column of utf8mb3 or latin1 with a text that its character set cannot hold, and would refuse it for ever.
 */
export function lookupStatement(
  form: SchemaForm,
  kind: QuestionKind,
  { count, maxRowCount, isConverted, isAnyState = false }: StatementNeeds,
): { readonly sql: string; readonly hasStateValue: boolean } {
  const isOfAlarm = kind === 'definition' || kind === 'alarm';
  const methodColumns = [
    'm.id AS id',
    `LEFT(m.type, ${maxTextLength}) AS type`,
    `LEFT(m.name, ${maxTextLength}) AS name`,
    `LEFT(m.address, ${maxAddressLength + 1}) AS address`,
    ...(form.hasPeriod ? ['m.period AS period'] : []),
    ...(form.hasTenant ? ['m.tenant_id AS tenantId'] : []),
    ...(form.hasOptions && isOfAlarm ? optionColumns : []),
    ...(form.hasState && isAnyState ? [`LEFT(a.alarm_state, ${maxTextLength}) AS boundState`] : []),
  ];
  const columns = kind === 'state' ? `LEFT(r.state, ${maxTextLength}) AS state` : methodColumns.join(', ');
  const hasStateValue = form.hasState && isOfAlarm && !isAnyState;
  const { asked, tables } = source(form, kind);
  const compared = (column: string) => (isConverted ? `CONVERT(${column} USING utf8mb4)` : column);
  const state = hasStateValue ? ` AND ${compared('a.alarm_state')} = ?` : '';
  const where = `${compared(asked)} IN (${placeholders(count)})${state}`;
  const sql = `SELECT ${asked} AS asked, ${columns} FROM ${tables} WHERE ${where} LIMIT ${maxRowCount}`;
  return { sql, hasStateValue };
}

/** `?, ?, ?`: a list is never handed to the driver as one value, because its prepared statements then find nothing, in silence. */
export function placeholders(count: number): string {
  return Array(count).fill('?').join(', ');
}

function source(form: SchemaForm, kind: QuestionKind): { asked: string; tables: string } {
  const methods = 'JOIN notification_method m ON m.id = a.action_id';
  switch (kind) {
    case 'definition':
      return { asked: 'a.alarm_definition_id', tables: `alarm_action a ${methods}` };
    case 'alarm':
      if (form.owner === 'alarm_id') return { asked: 'a.alarm_id', tables: `alarm_action a ${methods}` };
      return {
        asked: 'r.id',
        tables: `alarm r JOIN alarm_action a ON a.alarm_definition_id = r.alarm_definition_id ${methods}`,
      };
    case 'method':
      return { asked: 'm.id', tables: 'notification_method m' };
    case 'state':
      return { asked: 'r.id', tables: 'alarm r' };
    default:
      return never(kind);
  }
}

function never(kind: never): never {
  throw new TypeError(`unknown kind of question: ${String(kind)}`);
}
