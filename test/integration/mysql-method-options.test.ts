import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Alarm } from '../../src/domain/alarm.js';
import type { MethodDirectory } from '../../src/ports/directory.js';
import { alarmWith } from '../support/alarms.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { MysqlLab, schemaForms } from '../support/mysql-lab.js';

const never = new AbortController().signal;
let lab: MysqlLab;
before(async () => {
  lab = await MysqlLab.start();
});
after(() => lab.stop());

const alarmIn = (newState: string) => alarmWith({ alarmId: 'a-1', alarmDefinitionId: 'd-1', newState });

async function askedIn(directory: MethodDirectory, alarm: Alarm) {
  const { immediate, digest } = await directory.askedFor(alarm, never);
  const words = digest.map(({ method, isBound, wish = {} }) => [method.id, isBound, ...Object.values(wish)].join(' '));
  return [immediate.map(({ id }) => id), words];
}

for (const form of schemaForms) {
  test(`${form}: the table of options says who wants digests, and for those every state is found`, async (t) => {
    const database = await lab.createDatabase(form);
    await database.sql(
      'CREATE TABLE notification_method_option (method_id varchar(36) NOT NULL, `option` varchar(32) NOT NULL, ' +
        'value varchar(255) NOT NULL, PRIMARY KEY (method_id, `option`))',
    );
    for (const id of ['m-at-once', 'm-digest', 'm-said']) {
      await database.addMethod({ id, type: 'EMAIL', name: id, address: `${id}@here.com`, periodSeconds: 0 });
      await database.addAction({ alarmId: 'a-1', definitionId: 'd-1', state: 'ALARM', methodId: id });
    }
    for (const row of [
      ['m-digest', 'delivery', 'Digest '],
      ['m-digest', 'schedule', '08:00 Europe/Atlantis'],
      ['m-digest', 'empty', 'Send'],
      ['m-said', 'delivery', 'digest'],
    ]) {
      await database.sql('INSERT INTO notification_method_option VALUES (?, ?, ?)', row);
    }
    const telemetry = new RecordingTelemetry();
    const directory = database.open({ deliveries: { 'm-said': 'immediate' } }, telemetry);
    t.after(() => directory.close());
    const isForEveryState = form === 'stateless';
    assert.deepEqual(await askedIn(directory, alarmIn('ALARM')), [
      ['m-at-once', 'm-said'],
      ['m-digest true 08:00 send'],
    ]);
    const ended = isForEveryState
      ? [['m-at-once', 'm-said'], ['m-digest true 08:00 send']]
      : [[], ['m-digest false 08:00 send']];
    assert.deepEqual(await askedIn(directory, alarmIn('OK')), ended);
    assert.equal(await directory.mayHaveDigests(never), true);
    assert.deepEqual(
      telemetry.named('method_option_unusable').map(({ method_id: id }) => id),
      ['m-digest'],
    );
  });
}

test('without the table every method is told at once, but for those of which the configuration says otherwise', async (t) => {
  const database = await lab.createDatabase('definition');
  for (const id of ['m-1', 'm-2']) {
    await database.addMethod({ id, type: 'EMAIL', name: id, address: `${id}@here.com`, periodSeconds: 0 });
    await database.addAction({ alarmId: 'a-1', definitionId: 'd-1', state: 'ALARM', methodId: id });
  }
  const plain = database.open();
  const told = database.open({ deliveries: { 'm-2': 'digest' } });
  t.after(() => Promise.all([plain.close(), told.close()]));
  assert.deepEqual(await askedIn(plain, alarmIn('ALARM')), [['m-1', 'm-2'], []]);
  assert.equal(await plain.mayHaveDigests(never), false);
  assert.deepEqual(await askedIn(told, alarmIn('ALARM')), [['m-1'], ['m-2 true']]);
  assert.deepEqual(await askedIn(told, alarmIn('OK')), [[], ['m-2 false']]);
});
