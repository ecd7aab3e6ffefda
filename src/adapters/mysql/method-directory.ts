import { type Alarm, isSameState } from '../../domain/alarm.js';
import { EngineError } from '../../domain/errors.js';
import type { NotificationMethod } from '../../domain/notification.js';
import type { NonEmpty } from '../../domain/position.js';
import { Secret } from '../../domain/secret.js';
import { unlessAborted } from '../../domain/until-aborted.js';
import type { MethodWish } from '../../ports/digest.js';
import type { AskedMethods, DigestBinding, MethodDirectory } from '../../ports/directory.js';
import type { EventName } from '../../telemetry/event-table.js';
import { MethodWishes } from './method-wishes.js';
import { isOtherSchema, numberOf } from './mysql-errors.js';
import { type MysqlDeps, type MysqlOptions, MysqlPool, type Row } from './pool.js';
import { foldOf, notWaitedFor, type Question, QuestionGatherer } from './question-gatherer.js';
import {
  lookupStatement,
  maxAddressLength,
  placeholders,
  type QuestionKind,
  readSchemaForm,
  type SchemaForm,
} from './schema-form.js';

/** More methods than this for one alarm are parked instead of told. */
const maxMethodCount = 1000;
const maxRowCount = 20_000;
const maxReportedCount = 1000;
const ascii = /^[\x20-\x7e]*$/;

interface Lookup extends Question {
  readonly kind: QuestionKind;
  readonly state: string;
  readonly form: SchemaForm;
  readonly isAnyState: boolean;
}

const whats: Readonly<Record<QuestionKind, string>> = {
  definition: 'methods by alarm definition',
  alarm: 'methods by alarm',
  method: 'one method',
  state: 'the state of an alarm',
};

/**
 * Notification methods as MySQL has them at the moment of asking; nothing is remembered.
 *
 * Chooses among the three forms of the schema by looking at the columns: before the first lookup, and again after every failure. Questions
 * that are open at one time share a query. A method whose address cannot be used comes with an empty one, as a row with NULL does, so that it
 * ends in a dead letter: an address of more than 4096 characters, and all methods beyond the first 1,000 of one alarm. Of one alarm at most
 * 20,000 rows are read.
 */
export class MysqlMethodDirectory implements MethodDirectory {
  readonly #options: MysqlOptions;
  readonly #deps: MysqlDeps;
  readonly #pool: MysqlPool;
  readonly #gatherer: QuestionGatherer<readonly Row[]>;
  readonly #wishes = new MethodWishes();
  readonly #reported = new Set<string>();
  #form: Promise<SchemaForm> | undefined;

  constructor(options: MysqlOptions, deps: MysqlDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#pool = new MysqlPool(options, deps);
    this.#gatherer = new QuestionGatherer((questions) => this.#answers(questions as NonEmpty<Lookup>), deps.clock);
  }

  async methodsFor(alarm: Alarm, signal: AbortSignal): Promise<readonly NotificationMethod[]> {
    return (await this.askedFor(alarm, signal)).immediate;
  }

  async askedFor(alarm: Alarm, signal: AbortSignal): Promise<AskedMethods> {
    const rows = await this.#asked((form) => this.#lookupOf(alarm, form), signal);
    const immediate = new Map<string, NotificationMethod>();
    const digest = new Map<string, DigestBinding>();
    for (const row of rows) {
      if (row.tenantId !== undefined && String(row.tenantId) !== alarm.tenantId) {
        this.#deps.telemetry.event('method_of_other_tenant', { alarm_id: alarm.alarmId, method_id: String(row.id) });
      }
      const method = this.#methodOf(row);
      const isBound = row.boundState === undefined || isSameState(textOf(row.boundState), alarm.newState);
      if (this.#isDigest(method.id, textOf(row.delivery))) {
        const isBoundAnyhow = isBound || digest.get(method.id)?.isBound === true;
        digest.set(method.id, { method, isBound: isBoundAnyhow, wish: this.#wishOf(method.id, row) });
      } else if (isBound) immediate.set(method.id, method);
    }
    return {
      immediate: this.#limited(alarm, [...immediate.values()]),
      digest: [...digest.values()].sort((one, other) => (one.method.id < other.method.id ? -1 : 1)),
      unreadBeyond: rows.length < maxRowCount ? undefined : maxRowCount,
    };
  }

  async mayHaveDigests(signal: AbortSignal): Promise<boolean> {
    return this.#hasDigests(await unlessAborted(this.#currentForm(), signal, notWaitedFor));
  }

  #limited(alarm: Alarm, methods: readonly NotificationMethod[]): readonly NotificationMethod[] {
    const ordered = [...methods].sort((one, other) => (one.id < other.id ? -1 : 1));
    if (ordered.length <= maxMethodCount) return ordered;
    this.#report(`alarm ${alarm.alarmId}`, { alarm_id: alarm.alarmId, problem: `${ordered.length} methods` });
    const withoutAddress = (method: NotificationMethod) => ({ ...method, address: new Secret('') });
    return [...ordered.slice(0, maxMethodCount), ...ordered.slice(maxMethodCount).map(withoutAddress)];
  }

  async methodById(id: string, signal: AbortSignal): Promise<NotificationMethod | undefined> {
    const [row] = await this.#asked((form) => lookup('method', id, '', form), signal);
    return row === undefined ? undefined : this.#methodOf(row);
  }

  async alarmState(alarmId: string, signal: AbortSignal): Promise<string | undefined> {
    const { hasAlarmState } = await unlessAborted(this.#currentForm(), signal, notWaitedFor);
    if (!hasAlarmState) return undefined;
    const [row] = await this.#asked((form) => lookup('state', alarmId, '', form), signal);
    return textOf(row?.state) || undefined;
  }

  /** Asks for nothing, but of the tables that every lookup needs: a server without them, or without the right to read them, is no help. */
  async ping(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#currentForm(), signal, notWaitedFor);
    const sql = 'SELECT 1 FROM alarm_action a JOIN notification_method m ON m.id = a.action_id LIMIT 0';
    await this.#pool.query({ what: 'the tables of methods', sql, values: [], signal });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /**
   * Adds the names of types that the table notification_method_type lacks, in upper case: the API that users talk to knows types from there.
   *
   * A table or a right that is missing is a notice, not an error: a database of 2014 has neither.
   * @throws DIRECTORY_UNAVAILABLE when MySQL does not answer at all.
   */
  async registerTypes(types: readonly string[]): Promise<void> {
    const ask = (sql: string, values: readonly string[]) =>
      this.#pool.query({ what: 'the known types of methods', sql, values, mayBeRefused: true });
    try {
      const rows = await ask('SELECT name FROM notification_method_type', []);
      const known = new Set(rows.map((row) => String(row.name).trimEnd().toUpperCase()));
      const missing = [...new Set(types.map((type) => type.toUpperCase()))].filter((type) => !known.has(type));
      if (missing.length === 0) return;
      const values = missing.map(() => `(${placeholders(1)})`).join(', ');
      await ask(`INSERT IGNORE INTO notification_method_type (name) VALUES ${values}`, missing);
      this.#deps.telemetry.event('method_types_registered', { types: missing });
    } catch (error) {
      const number = error instanceof EngineError ? numberOf(error.cause) : undefined;
      if (number === undefined) throw error;
      this.#deps.telemetry.event('method_types_unregistered', { code: number });
    }
  }

  async #asked(question: (form: SchemaForm) => Lookup, signal: AbortSignal): Promise<readonly Row[]> {
    const ask = async () =>
      this.#gatherer.ask(question(await unlessAborted(this.#currentForm(), signal, notWaitedFor)), signal);
    try {
      return await ask();
    } catch (error) {
      if (!isOtherSchema(error)) throw error;
      return await ask();
    }
  }

  #currentForm(): Promise<SchemaForm> {
    this.#form ??= this.#remembered(readSchemaForm(this.#pool, this.#options.lookup));
    return this.#form;
  }

  #remembered(form: Promise<SchemaForm>): Promise<SchemaForm> {
    form.catch(() => {
      if (this.#form === form) this.#form = undefined;
    });
    return form;
  }

  async #answers(questions: NonEmpty<Lookup>): Promise<readonly (readonly Row[])[]> {
    const rows = await this.#rows(questions);
    if (questions.length === 1) return [rows];
    return assigned(questions, rows) ?? (await this.#oneByOne(questions));
  }

  /** MySQL held ids equal in a way of its own, or there were too many rows: alone, each question gets exactly its rows. */
  async #oneByOne(questions: NonEmpty<Lookup>): Promise<readonly (readonly Row[])[]> {
    const answers: (readonly Row[])[] = [];
    for (const question of questions) answers.push(...(await this.#answers([question])));
    return answers;
  }

  async #rows(questions: NonEmpty<Lookup>): Promise<readonly Row[]> {
    const [{ form, kind, state, isAnyState }] = questions;
    const ids = questions.map((question) => question.id);
    const isConverted = !ascii.test(ids.join('') + state);
    const needs = { count: ids.length, maxRowCount, isConverted, isAnyState };
    const { sql, hasStateValue } = lookupStatement(form, kind, needs);
    const { clock, telemetry } = this.#deps;
    const startedMonoMs = clock.monoMs();
    try {
      return await this.#pool.query({ what: whats[kind], sql, values: hasStateValue ? [...ids, state] : ids });
    } catch (error) {
      // Whatever happened, the tables may be others when MySQL is back.
      this.#form = undefined;
      throw error;
    } finally {
      telemetry.observe('lookup_seconds', (clock.monoMs() - startedMonoMs) / 1000);
    }
  }

  /** Where methods may ask for digests, all states of the alarm are asked for: a method bound to ALARM only must see it end. */
  #lookupOf(alarm: Alarm, form: SchemaForm): Lookup {
    const isAnyState = this.#hasDigests(form);
    const { alarmId, alarmDefinitionId, newState } = alarm;
    if (form.owner === 'alarm_definition_id' && alarmDefinitionId !== undefined) {
      return lookup('definition', alarmDefinitionId, newState, form, isAnyState);
    }
    return lookup('alarm', alarmId, newState, form, isAnyState);
  }

  #hasDigests({ hasOptions }: SchemaForm): boolean {
    return hasOptions || Object.values(this.#options.deliveries ?? {}).includes('digest');
  }

  /** The configuration wins over the row. */
  #isDigest(methodId: string, row: string): boolean {
    const own = this.#options.deliveries ?? {};
    const delivery = Object.hasOwn(own, methodId) ? own[methodId] : row.trim().toLowerCase();
    return delivery === 'digest';
  }

  #wishOf(methodId: string, row: Row): MethodWish {
    const { wish, problems } = this.#wishes.read(textOf(row.schedule), textOf(row.empty));
    for (const problem of problems) {
      this.#reportOnce(`option of ${methodId}`, 'method_option_unusable', { method_id: methodId, problem });
    }
    return wish;
  }

  #methodOf(row: Row): NotificationMethod {
    const id = String(row.id);
    const address = textOf(row.address);
    const isTooLong = address.length > maxAddressLength;
    if (isTooLong) this.#report(`method ${id}`, { method_id: id, problem: 'address too long' });
    return {
      id,
      name: textOf(row.name),
      type: textOf(row.type).toLowerCase(),
      address: new Secret(isTooLong ? '' : address),
      periodMs: Math.max(0, Number(row.period ?? 0) || 0) * 1000,
    };
  }

  #report(subject: string, fields: Readonly<Record<string, string>>): void {
    this.#reportOnce(subject, 'method_unusable', fields);
  }

  /** Once per process for each subject; what becomes of the methods is recorded every time. */
  #reportOnce(subject: string, event: EventName, fields: Readonly<Record<string, string>>): void {
    if (this.#reported.has(subject) || this.#reported.size >= maxReportedCount) return;
    this.#reported.add(subject);
    this.#deps.telemetry.event(event, fields);
  }
}

function lookup(kind: QuestionKind, id: string, state: string, form: SchemaForm, isAnyState = false): Lookup {
  const { owner, hasState, hasPeriod, hasTenant, hasOptions } = form;
  const asked = hasState && !isAnyState ? state : '';
  const group = JSON.stringify([kind, asked, isAnyState, owner, hasState, hasPeriod, hasTenant, hasOptions]);
  return { kind, id, state: asked, form, isAnyState, group };
}

/** The rows of each question; undefined when a row is of none of them by letter. */
function assigned(questions: readonly Lookup[], rows: readonly Row[]): readonly (readonly Row[])[] | undefined {
  const answers = new Map<string, Row[]>(questions.map(({ id }) => [foldOf(id), []]));
  for (const row of rows) {
    const answer = answers.get(foldOf(String(row.asked)));
    if (answer === undefined || rows.length >= maxRowCount) return undefined;
    answer.push(row);
  }
  return [...answers.values()];
}

/** NULL is the empty text; a binary column is read as UTF-8. */
function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}
