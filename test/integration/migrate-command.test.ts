import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runCommand } from '../support/command-run.js';
import { privateFolder } from '../support/config-file.js';
import { repoRoot } from '../support/repo.js';

const old2014 = join(repoRoot(), 'config/notification.2014.yaml');
const oldFinal = join(repoRoot(), 'test/data/config/notification-final.conf');

/** Migrates a file with the built program and answers with the path of the result. */
async function migrated(t: TestContext, file: string): Promise<{ readonly path: string; readonly text: string }> {
  const { code, out, err } = await runCommand('migrate', file);
  assert.deepEqual([code, err], [0, '']);
  const path = join(privateFolder(t), 'new.yaml');
  writeFileSync(path, out, { mode: 0o600 });
  return { path, text: out };
}

async function effective(file: string): Promise<Readonly<Record<string, Record<string, unknown>>>> {
  return JSON.parse((await runCommand('config', 'show', '--json', '--config', file)).out);
}

describe('migrate', () => {
  it('prints a file of 2014 as one that check-config accepts and that means the same', async (t) => {
    const { path, text } = await migrated(t, old2014);
    const checked = await runCommand('check-config', '--config', path);
    assert.equal(checked.code, 0);
    // A file of 2014 names no types, and some cannot do without configuration.
    const [warning = '', ...rest] = checked.out.split('\n');
    assert.match(warning, / notification_types\.enabled: warning: disabled, because nothing is configured for them: /);
    assert.deepEqual(rest, [`${path}: valid`, '']);
    assert.deepEqual(await effective(path), await effective(old2014));
    assert.match(text, /^# {3}logging\.handlers\.file\.filename \(line 53\): has no effect/m);
  });

  it('prints the final INI file as one that check-config accepts', async (t) => {
    const { path, text } = await migrated(t, oldFinal);
    const checked = await runCommand('check-config', '--config', path);
    assert.equal(checked.code, 0, checked.out);
    const { kafka, mysql, notification_types: types, statsd, retry } = await effective(path);
    assert.deepEqual([kafka?.url, kafka?.group], ['kafka-1:9092,kafka-2:9092', 'monasca-notification']);
    assert.deepEqual([mysql?.host, statsd?.names, retry?.max_attempts], ['db.example.com', 'monasca', 4]);
    assert.deepEqual(types?.enabled, ['email', 'webhook', 'pagerduty', 'slack']);
    assert.match(text, /passwd: "0pa\$word:#1"/);
    assert.match(text, /# Without jira, which was enabled: .*jira\.url missing/);
    assert.match(text, /^ {4}proxy: http:\/\/proxy:3128$/m);
    assert.match(text, /^# {3}\[slack_notifier\] insecure \(line 46\): certificates are verified/m);
  });

  it('ends with 78 at a broken file, naming every place', async (t) => {
    const folder = privateFolder(t);
    const broken = async (name: string, content: string) => {
      const file = join(folder, name);
      writeFileSync(file, content);
      const { code, out, err } = await runCommand('migrate', file);
      assert.deepEqual([code, out], [78, '']);
      return err.replaceAll(`${folder}/`, '');
    };
    assert.match(await broken('a.yaml', 'kafka:\n  url: [k\n'), /^a\.yaml:\d+:\d+ \(file\): expected valid YAML/);
    assert.match(await broken('b.conf', '[kafka]\nurl\n'), /^b\.conf:2:1 \(file\): expected key = value/);
    const several = await broken('c.conf', '[mysql]\nport = many\n[queues]\nalarms_size = 0\n[kafka]\nurl = $host\n');
    assert.match(several, /c\.conf:2:8 mysql\.port: expected .*\nc\.conf:4:15 queues\.alarms_size: expected /);
    assert.match(several, /c\.conf:6:7 url: .*a reference to another option/);
    const refused = await broken('d.conf', '[database]\nrepo_driver = postgresql\n');
    assert.match(refused, /^d\.conf:2:15 database\.repo_driver: expected mysql/);
    assert.match((await runCommand('migrate', join(folder, 'e'))).err, /\/e:1:1 \(file\): .*no such file/);
    assert.equal((await runCommand('migrate')).code, 2);
  });
});
