import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EngineError } from '../../src/domain/errors.js';
import { Secret } from '../../src/domain/secret.js';
import type { MethodDirectory } from '../../src/ports/directory.js';
import { alarmWith } from '../support/alarms.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { type MysqlDatabase, MysqlLab } from '../support/mysql-lab.js';
import { waitFor } from '../support/wait-for.js';

let lab: MysqlLab;
before(async () => {
  lab = await MysqlLab.start();
});
after(() => lab.stop());

const never = new AbortController().signal;
const action = { alarmId: 'a-1', definitionId: 'd-1', state: 'ALARM', methodId: 'm-1' };
const method = { id: 'm-1', type: 'EMAIL', name: 'n', address: 'me@here.com', periodSeconds: 0 };

async function databaseWithOne(form: 'alarm' | 'definition' = 'definition'): Promise<MysqlDatabase> {
  const database = await lab.createDatabase(form);
  await database.addMethod(method);
  await database.addAction(action);
  return database;
}

async function idsFor(directory: MethodDirectory, changes: Readonly<Record<string, unknown>> = {}): Promise<string[]> {
  return (await directory.methodsFor(alarmWith(changes), never)).map(({ id }) => id);
}

async function refusal(directory: MethodDirectory): Promise<string> {
  const failure = await idsFor(directory).then(
    (ids) => assert.fail(`answered ${ids}`),
    (error: EngineError) => error,
  );
  assert.deepEqual([failure.code, failure.retriable], ['DIRECTORY_UNAVAILABLE', true]);
  assert.doesNotMatch(failure.message, /notify-password/);
  return failure.message;
}

test('fe37077: answers after an idle server has killed its connections, without a failure (M1)', async (t) => {
  const directory = (await databaseWithOne()).open();
  t.after(() => directory.close());
  for (let round = 0; round < 5; round += 1) {
    assert.deepEqual(await idsFor(directory), ['m-1']);
    assert.ok((await lab.killConnections()) > 0);
  }
  assert.deepEqual(await idsFor(directory), ['m-1']);
});

test('gives up a frozen server within its limit, says so once, and recovers by itself (M2)', async (t) => {
  const telemetry = new RecordingTelemetry();
  const directory = (await databaseWithOne()).open({ queryTimeoutMs: 1_500 }, telemetry);
  t.after(() => directory.close());
  assert.deepEqual(await idsFor(directory), ['m-1']);
  const before = await lab.connectionCount();
  await lab.freeze();
  for (let round = 0; round < 4; round += 1) {
    assert.match(
      await refusal(directory),
      /no answer within 1500 ms \(NO_ANSWER\); check the load of MySQL and the network/,
    );
  }
  lab.thaw();
  // It first works off what was given up.
  const isBack = () =>
    idsFor(directory)
      .then((ids) => ids.length === 1)
      .catch(() => false);
  await waitFor(isBack, 'an answer');
  await waitFor(async () => (await lab.connectionCount()) <= before, 'the end of the connections that were given up');
  assert.equal(telemetry.named('mysql_away').length, 1);
  assert.equal(telemetry.named('mysql_back').length, 1);
});

test('a slow statement ends within the limit, and the next question does not wait behind it (M2)', async (t) => {
  const database = await databaseWithOne();
  const directory = database.open({ queryTimeoutMs: 2_000, connections: 2 });
  t.after(() => directory.close());
  assert.deepEqual(await idsFor(directory), ['m-1']);
  await database.sql('RENAME TABLE alarm_action TO hidden');
  await database.sql('CREATE VIEW alarm_action AS SELECT * FROM hidden WHERE sleep(20) = 0');
  await refusal(directory);
  await database.sql('DROP VIEW alarm_action');
  await database.sql('RENAME TABLE hidden TO alarm_action');
  assert.deepEqual(await idsFor(directory), ['m-1']);
});

test('survives a restart of the server (M1)', async (t) => {
  const directory = (await databaseWithOne()).open();
  t.after(() => directory.close());
  assert.deepEqual(await idsFor(directory), ['m-1']);
  await lab.services.kill('mysql');
  assert.match(await refusal(directory), /ECONNREFUSED.*check mysql.host, mysql.port, and whether MySQL runs/);
  await lab.restart();
  assert.deepEqual(await idsFor(directory), ['m-1']);
});

test('b1b1bd9: a missing table is an error that names what to check, never an empty answer', async (t) => {
  const database = await databaseWithOne();
  const directory = database.open();
  t.after(() => directory.close());
  for (const table of ['alarm_action', 'notification_method']) {
    await database.sql(`RENAME TABLE ${table} TO gone`);
    assert.match(
      await refusal(directory),
      new RegExp(`${table}' doesn't exist .*; check mysql.db: a table is missing`),
    );
    // An engine that asks only whether the server lives would be ready, and find nobody to tell.
    await assert.rejects(directory.ping(never), { code: 'DIRECTORY_UNAVAILABLE' });
    await database.sql(`RENAME TABLE gone TO ${table}`);
    await directory.ping(never);
    assert.deepEqual(await idsFor(directory), ['m-1']);
  }
});

test('a missing right is an error that names the grants (M3)', async (t) => {
  const database = await databaseWithOne();
  await lab.sql(`CREATE USER IF NOT EXISTS poor@'127.0.0.1' IDENTIFIED BY 'notify-password'`);
  await database.sql(`GRANT SELECT ON ${database.name}.notification_method TO poor@'127.0.0.1'`);
  const login = { user: 'poor', password: new Secret('notify-password') };
  const directory = database.open(login);
  t.after(() => directory.close());
  assert.match(await refusal(directory), /ER_TABLEACCESS_DENIED_ERROR.*check the grants/);
  await assert.rejects(directory.ping(never), { code: 'DIRECTORY_UNAVAILABLE' });
  await database.sql(`GRANT SELECT ON ${database.name}.alarm_action TO poor@'127.0.0.1'`);
  assert.deepEqual(await idsFor(directory), ['m-1']);
  const wrong = database.open({ ...login, password: new Secret('wrong-notify-password') });
  t.after(() => wrong.close());
  assert.match(await refusal(wrong), /ER_ACCESS_DENIED_ERROR.*check mysql.user, mysql.passwd/);
  const elsewhere = database.open({ ...login, db: 'nowhere' });
  t.after(() => elsewhere.close());
  assert.match(await refusal(elsewhere), /check mysql.db/);
});

test('a server without a connection left for us is waited for (M3)', async (t) => {
  const database = await databaseWithOne();
  await lab.sql(`CREATE USER crowd@'127.0.0.1' IDENTIFIED BY 'notify-password' WITH MAX_USER_CONNECTIONS 1`);
  await database.sql(`GRANT SELECT ON ${database.name}.* TO crowd@'127.0.0.1'`);
  const login = { user: 'crowd', password: new Secret('notify-password'), connections: 1 };
  const [first, second] = [database.open(login), database.open(login)];
  t.after(() => second.close());
  assert.deepEqual(await idsFor(first), ['m-1']);
  assert.match(await refusal(second), /max_user_connections/);
  await first.close();
  await waitFor(async () => (await idsFor(second).catch(() => [])).length === 1, 'a connection for the other');
});

test('follows a schema that is migrated while it runs', async (t) => {
  const database = await databaseWithOne('alarm');
  const directory = database.open();
  t.after(() => directory.close());
  assert.deepEqual(await idsFor(directory), ['m-1']);
  await database.sql('ALTER TABLE alarm_action CHANGE alarm_id alarm_definition_id varchar(36) NOT NULL');
  await database.sql("UPDATE alarm_action SET alarm_definition_id = 'd-1'");
  assert.deepEqual(await idsFor(directory), ['m-1']);
});

test('finds the definition of an alarm that names none', async (t) => {
  const database = await databaseWithOne();
  await database.sql("INSERT INTO alarm (id, alarm_definition_id) VALUES ('a-1', 'd-1')");
  const directory = database.open();
  t.after(() => directory.close());
  assert.deepEqual(await idsFor(directory, { alarmDefinitionId: undefined }), ['m-1']);
  assert.deepEqual(await idsFor(directory, { alarmDefinitionId: undefined, alarmId: 'a-2' }), []);
});

test('mysql.lookup insists on one column, and says so where it is missing', async (t) => {
  const database = await databaseWithOne('alarm');
  const [alarm, definition] = [database.open({ lookup: 'alarm' }), database.open({ lookup: 'definition' })];
  t.after(() => Promise.all([alarm.close(), definition.close()]));
  assert.deepEqual(await idsFor(alarm), ['m-1']);
  assert.match(await refusal(definition), /no column alarm_definition_id, and mysql.lookup is definition/);
});

test('counts methods of another tenant, and serves them', async (t) => {
  const telemetry = new RecordingTelemetry();
  const directory = (await databaseWithOne()).open({}, telemetry);
  t.after(() => directory.close());
  await idsFor(directory);
  assert.equal(telemetry.named('method_of_other_tenant').length, 0);
  assert.deepEqual(await idsFor(directory, { tenantId: 't-18' }), ['m-1']);
  assert.equal(telemetry.named('method_of_other_tenant').length, 1);
});

test('gives every method beyond the cap, without address, so that each is parked and none is lost (M4)', async (t) => {
  const database = await lab.createDatabase('definition');
  await database.sql(
    "INSERT INTO notification_method (id, tenant_id, name, type, address) SELECT concat('m-', 10000 + seq), 't-17', 'n', 'EMAIL', 'x@y.z' FROM seq_1_to_1200",
  );
  await database.sql("INSERT INTO alarm_action SELECT 'd-1', 'ALARM', id FROM notification_method");
  const telemetry = new RecordingTelemetry();
  const directory = database.open({}, telemetry);
  t.after(() => directory.close());
  for (let round = 0; round < 2; round += 1) {
    const methods = await directory.methodsFor(alarmWith(), never);
    assert.equal(methods.length, 1200);
    assert.equal(methods.filter(({ address }) => address.isEmpty).length, 200);
    assert.ok(methods.slice(1000).every(({ address }) => address.isEmpty));
  }
  assert.equal(telemetry.named('method_unusable').length, 1);
});

test('reads no more than 20,000 methods of one alarm, and says that there may be others (M4)', async (t) => {
  const database = await lab.createDatabase('definition');
  await database.sql(
    "INSERT INTO notification_method (id, tenant_id, name, type, address) SELECT concat('m-', 100000 + seq), 't-17', 'n', 'EMAIL', 'x@y.z' FROM seq_1_to_20001",
  );
  await database.sql("INSERT INTO alarm_action SELECT 'd-1', 'ALARM', id FROM notification_method");
  const directory = database.open();
  t.after(() => directory.close());
  const many = await directory.askedFor(alarmWith(), never);
  assert.deepEqual([many.immediate.length, many.unreadBeyond], [20_000, 20_000]);
  assert.equal(many.immediate.filter(({ address }) => !address.isEmpty).length, 1_000);
  await database.sql("DELETE FROM alarm_action WHERE action_id > 'm-100900'");
  const few = await directory.askedFor(alarmWith(), never);
  assert.deepEqual([few.immediate.length, few.unreadBeyond], [900, undefined]);
});

test('refuses an address beyond any sense by leaving it empty, and says so (M4)', async (t) => {
  const database = await databaseWithOne();
  await database.sql('UPDATE notification_method SET address = ?', ['x'.repeat(4097)]);
  const telemetry = new RecordingTelemetry();
  const directory = database.open({}, telemetry);
  t.after(() => directory.close());
  const [found] = await directory.methodsFor(alarmWith(), never);
  assert.equal(found?.address.isEmpty, true);
  assert.deepEqual(telemetry.named('method_unusable'), [{ method_id: 'm-1', problem: 'address too long' }]);
  await database.sql('UPDATE notification_method SET address = ?', ['x'.repeat(4096)]);
  const [kept] = await directory.methodsFor(alarmWith(), never);
  assert.equal(kept?.address.reveal().length, 4096);
});

test('9ee7f5c: adds missing types in upper case once, by any number of engines, and is content without the table', async (t) => {
  const database = await lab.createDatabase('definition');
  await database.sql("INSERT INTO notification_method_type VALUES ('EMAIL')");
  const directories = [1, 2, 3].map(() => database.open());
  t.after(() => Promise.all(directories.map((directory) => directory.close())));
  await Promise.all(directories.map((directory) => directory.registerTypes(['email', 'slack', 'Slack', 'webhook'])));
  const names = (await database.sql('SELECT name FROM notification_method_type ORDER BY name')) as { name: string }[];
  assert.deepEqual(
    names.map(({ name }) => name),
    ['EMAIL', 'SLACK', 'WEBHOOK'],
  );

  const telemetry = new RecordingTelemetry();
  const old = (await lab.createDatabase('alarm')).open({}, telemetry);
  t.after(() => old.close());
  await old.registerTypes(['email']);
  assert.deepEqual(telemetry.named('method_types_unregistered'), [{ code: 1146 }]);
  assert.equal(telemetry.named('mysql_away').length, 0);
});

test('lets no id out of its quotation marks, whatever mode the server is in', async (t) => {
  const database = await databaseWithOne();
  await lab.sql("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'");
  t.after(() => lab.sql("SET GLOBAL sql_mode = ''"));
  const directory = database.open();
  t.after(() => directory.close());
  assert.deepEqual(await idsFor(directory, { alarmDefinitionId: "' OR 1=1 OR '" }), []);
  assert.deepEqual(await idsFor(directory), ['m-1']);
});

test('asked for TLS by the configuration, it never goes on without', async (t) => {
  const directory = (await databaseWithOne()).open({ ssl: { rejectUnauthorized: true } });
  t.after(() => directory.close());
  assert.match(await refusal(directory), /HANDSHAKE_NO_SSL_SUPPORT\); check mysql.ssl: the server offers no TLS/);
});

test('closes within a second of a frozen server, and leaves no connection behind', async () => {
  const directory = (await databaseWithOne()).open();
  await idsFor(directory);
  await lab.freeze();
  const asked = idsFor(directory);
  const failed = assert.rejects(asked, { retriable: true });
  await directory.close();
  await failed;
  lab.thaw();
});
