import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { MethodDirectory } from '../../src/ports/directory.js';
import { alarmWith } from '../support/alarms.js';

/** A row of notification_method. */
export interface MethodRow {
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly periodSeconds: number;
}

/** That an alarm (all alarms of a definition, where the schema has definitions) asks for a method in one state. */
export interface ActionRow {
  readonly alarmId: string;
  readonly definitionId: string;
  readonly state: string;
  readonly methodId: string;
}

/** A directory, and the hands of the user behind it. */
export interface DirectoryWorld {
  readonly directory: MethodDirectory;
  /** False for the oldest form, in which an action is for every state; false likewise where periods are unknown. */
  readonly hasState: boolean;
  readonly hasPeriod: boolean;
  /** False where the database keeps no state of alarms. */
  readonly hasAlarmState: boolean;
  setState(alarmId: string, state: string): Promise<void>;
  addMethod(row: MethodRow): Promise<void>;
  changeAddress(methodId: string, address: string): Promise<void>;
  addAction(row: ActionRow): Promise<void>;
  /** From now on no question is answered, until `comeBack`. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

const never = new AbortController().signal;
const alarmOf = (id: string, newState = 'ALARM') =>
  alarmWith({ alarmId: `a-${id}`, alarmDefinitionId: `d-${id}`, newState });

function actionOf(id: string, methodId: string, state = 'ALARM'): ActionRow {
  return { alarmId: `a-${id}`, definitionId: `d-${id}`, state, methodId };
}

function methodOf(id: string, facts: Partial<MethodRow> = {}): MethodRow {
  return { id, type: 'EMAIL', name: `name of ${id}`, address: `${id}@here.com`, periodSeconds: 0, ...facts };
}

/** What every MethodDirectory promises, under `name`. `make` builds one on an empty world. */
export function methodDirectoryContract(name: string, make: () => Promise<DirectoryWorld>): void {
  let world: DirectoryWorld;
  const idsFor = async (id: string, state?: string) =>
    (await world.directory.methodsFor(alarmOf(id, state), never)).map((method) => method.id);
  before(async () => {
    world = await make();
  });
  after(() => world.close());

  test(`${name}: gives the methods of an alarm as the rows have them, type in lower case`, async () => {
    await world.addMethod(methodOf('m-plain', { type: 'WEBHOOK', name: 'é', periodSeconds: 60 }));
    await world.addAction(actionOf('plain', 'm-plain'));
    const [method, ...more] = await world.directory.methodsFor(alarmOf('plain'), never);
    assert.ok(method !== undefined && more.length === 0);
    const { address, ...rest } = method;
    assert.equal(address.reveal(), 'm-plain@here.com');
    assert.deepEqual(rest, { id: 'm-plain', name: 'é', type: 'webhook', periodMs: world.hasPeriod ? 60_000 : 0 });
  });

  test(`${name}: says that nobody asked by an empty list`, async () => {
    assert.deepEqual(await idsFor('nobody'), []);
  });

  test(`${name}: orders by the id of the method`, async () => {
    for (const id of ['m-o3', 'm-o1', 'm-o2']) await world.addMethod(methodOf(id));
    for (const id of ['m-o2', 'm-o3', 'm-o1']) await world.addAction(actionOf('order', id));
    assert.deepEqual(await idsFor('order'), ['m-o1', 'm-o2', 'm-o3']);
  });

  test(`${name}: tells states apart, each with its own rows, where the schema does`, async () => {
    for (const state of ['OK', 'ALARM']) {
      await world.addMethod(methodOf(`m-${state}`));
      await world.addAction(actionOf('states', `m-${state}`, state));
    }
    const both = ['m-ALARM', 'm-OK'];
    assert.deepEqual(await idsFor('states', 'ALARM'), world.hasState ? ['m-ALARM'] : both);
    assert.deepEqual(await idsFor('states', 'OK'), world.hasState ? ['m-OK'] : both);
    assert.deepEqual(await idsFor('states', 'UNDETERMINED'), world.hasState ? [] : both);
    assert.deepEqual(await idsFor('states', 'STRANGE'), world.hasState ? [] : both);
    assert.deepEqual(await idsFor('states', '😀'), world.hasState ? [] : both);
  });

  test(`${name}: gives a method without address an empty one`, async () => {
    await world.addMethod(methodOf('m-null', { address: null, name: null }));
    await world.addAction(actionOf('null', 'm-null'));
    const [method] = await world.directory.methodsFor(alarmOf('null'), never);
    assert.deepEqual([method?.address.isEmpty, method?.name], [true, '']);
  });

  test(`${name}: sees a row that changed between two alarms`, async () => {
    await world.addMethod(methodOf('m-change'));
    await world.addAction(actionOf('change', 'm-change'));
    assert.deepEqual(await idsFor('change'), ['m-change']);
    await world.changeAddress('m-change', 'new@there.com');
    const [method] = await world.directory.methodsFor(alarmOf('change'), never);
    assert.equal(method?.address.reveal(), 'new@there.com');
  });

  test(`${name}: gives each of many questions asked at once its own answer`, async () => {
    const ids = Array.from({ length: 600 }, (_, index) => `many-${index}`);
    for (const id of ids.slice(0, 40)) {
      await world.addMethod(methodOf(`m-${id}`));
      await world.addAction(actionOf(id, `m-${id}`));
    }
    const asked = [...ids, ...ids.slice(0, 50)];
    const answers = await Promise.all(asked.map((id) => idsFor(id)));
    for (const [index, id] of asked.entries()) {
      assert.deepEqual(answers[index], ids.indexOf(id) < 40 ? [`m-${id}`] : [], id);
    }
  });

  test(`${name}: ignores case and trailing blanks of ids, all spellings at once`, async () => {
    await world.addMethod(methodOf('m-case'));
    await world.addAction(actionOf('case', 'm-case'));
    const spellings = ['case', 'CASE', 'Case', 'case ', 'CASE  ', 'other'];
    const answers = await Promise.all(spellings.map((id) => idsFor(id)));
    assert.deepEqual(answers, [...Array(5).fill(['m-case']), []]);
  });

  test(`${name}: lets no strange id change the answer to another`, async () => {
    await world.addMethod(methodOf('m-sane'));
    await world.addAction(actionOf('sane', 'm-sane'));
    const strange = ["' OR 1=1 -- ", "\\' OR 1=1 -- ", '😀', 'é', '\0', '%', 'a\nb', '?', '_'];
    const answers = await Promise.all([...strange.map((id) => idsFor(id)), idsFor('sane')]);
    assert.deepEqual(answers, [...strange.map(() => []), ['m-sane']]);
  });

  test(`${name}: finds one method by its id, and nothing where it is gone`, async () => {
    await world.addMethod(methodOf('m-single'));
    const [found, missing] = await Promise.all([
      world.directory.methodById('m-single', never),
      world.directory.methodById('m-gone', never),
    ]);
    assert.equal(found?.address.reveal(), 'm-single@here.com');
    assert.equal(missing, undefined);
  });

  test(`${name}: tells the state of an alarm as it is now, and nothing of one that it does not know`, async () => {
    const state = (id: string) => world.directory.alarmState(id, never);
    assert.equal(await state('a-state'), undefined);
    await world.setState('a-state', 'ALARM');
    await world.setState('a-other', 'UNDETERMINED');
    const expected = ['ALARM', 'UNDETERMINED', undefined].map((one) => (world.hasAlarmState ? one : undefined));
    assert.deepEqual(await Promise.all(['a-state', 'a-other', "a' OR 1=1 -- "].map(state)), expected);
    await world.setState('a-state', 'OK');
    assert.equal(await state('a-state'), world.hasAlarmState ? 'OK' : undefined);
    assert.equal(await state('A-STATE '), world.hasAlarmState ? 'OK' : undefined);
    assert.equal(await state('😀'), undefined);
  });

  test(`${name}: fails, retriably, while it cannot ask, and works again by itself`, async () => {
    await world.addMethod(methodOf('m-away'));
    await world.addAction(actionOf('away', 'm-away'));
    await world.directory.ping(never);
    await world.goAway();
    const unavailable = { name: 'EngineError', code: 'DIRECTORY_UNAVAILABLE', retriable: true };
    await assert.rejects(idsFor('away'), unavailable);
    await assert.rejects(world.directory.methodById('m-away', never), unavailable);
    if (world.hasAlarmState) await assert.rejects(world.directory.alarmState('a-away', never), unavailable);
    await assert.rejects(world.directory.ping(never), unavailable);
    await world.comeBack();
    assert.deepEqual(await idsFor('away'), ['m-away']);
    await world.directory.ping(never);
  });

  test(`${name}: gives up at once when asked to`, async () => {
    await assert.rejects(world.directory.methodsFor(alarmOf('plain'), AbortSignal.abort()), { code: 'ABORTED' });
    await world.goAway();
    const stop = new AbortController();
    const answer = world.directory.methodsFor(alarmOf('plain'), stop.signal);
    stop.abort();
    await assert.rejects(answer, { code: 'ABORTED' });
    await world.comeBack();
  });
}
