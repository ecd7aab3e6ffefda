import { after, before, describe } from 'node:test';
import { methodDirectoryContract } from '../contract/method-directory.js';
import { MysqlLab, schemaForms } from '../support/mysql-lab.js';

let lab: MysqlLab;
before(async () => {
  lab = await MysqlLab.start();
});
after(() => lab.stop());

const characterSets = ['utf8mb4 COLLATE utf8mb4_unicode_ci', 'utf8mb3 COLLATE utf8mb3_general_ci'];
for (const form of schemaForms) {
  for (const characterSet of characterSets) {
    describe(`${form} in ${characterSet}`, () => {
      methodDirectoryContract(`MySQL, ${form}, ${characterSet.split(' ')[0]}`, async () => {
        const database = await lab.createDatabase(form, characterSet);
        const directory = database.open({ queryTimeoutMs: 1000 });
        return {
          directory,
          hasState: form !== 'stateless',
          hasPeriod: form === 'definition',
          addMethod: (row) => database.addMethod(row),
          changeAddress: async (id, address) => {
            await database.sql('UPDATE notification_method SET address = ? WHERE id = ?', [address, id]);
          },
          addAction: (row) => database.addAction(row),
          goAway: async () => lab.services.pause('mysql'),
          comeBack: async () => lab.services.resume('mysql'),
          close: () => directory.close(),
        };
      });
    });
  }
}
