import { after, before, describe } from 'node:test';
import { methodDirectoryContract } from '../contract/method-directory.js';
import { MysqlLab, schemaForms } from '../support/mysql-lab.js';

let lab: MysqlLab;
before(async () => {
  lab = await MysqlLab.start();
});
after(() => lab.stop());

const utf8mb4 = 'utf8mb4 COLLATE utf8mb4_unicode_ci';
// Databases of 2014 often still have the character set that cannot hold every text.
const utf8mb3 = 'utf8mb3 COLLATE utf8mb3_general_ci';
const worlds = [...schemaForms.map((form) => [form, utf8mb4] as const), ['alarm', utf8mb3] as const];
for (const [form, characterSet] of worlds) {
  describe(`${form} in ${characterSet}`, () => {
    methodDirectoryContract(`MySQL, ${form}, ${characterSet.split(' ')[0]}`, async () => {
      const database = await lab.createDatabase(form, characterSet);
      const directory = database.open({ queryTimeoutMs: 3_000 });
      return {
        directory,
        hasState: form !== 'stateless',
        hasPeriod: form === 'definition',
        hasAlarmState: form !== 'stateless',
        setState: (id, state) => database.setState(id, state),
        addMethod: (row) => database.addMethod(row),
        changeAddress: async (id, address) => {
          await database.sql('UPDATE notification_method SET address = ? WHERE id = ?', [address, id]);
        },
        addAction: (row) => database.addAction(row),
        goAway: () => lab.freeze(),
        comeBack: async () => lab.thaw(),
        close: () => directory.close(),
      };
    });
  });
}
