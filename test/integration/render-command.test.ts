import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { commandTable } from '../../src/cli/command-table.js';
import { runProgram } from '../../src/cli/program.js';
import { minimal, privateFolder } from '../support/config-file.js';
import { receiverOf } from '../support/http-poster.js';
import { answer } from '../support/http-receiver.js';
import { repoRoot } from '../support/repo.js';

const alarm = {
  alarmId: 'a-9',
  alarmName: 'disk <full>',
  newState: 'ALARM',
  oldState: 'OK',
  stateChangeReason: '95 %',
  tenantId: 't-17',
  timestamp: 1_394_641_255,
};

/** A folder with a configuration, an alarm, and whatever else. */
function prepare(t: TestContext, more: string, files: Readonly<Record<string, string>> = {}) {
  const folder = privateFolder(t);
  const file = join(folder, 'notification.yaml');
  writeFileSync(file, `${minimal}${more}`, { mode: 0o600 });
  writeFileSync(join(folder, 'alarm.json'), JSON.stringify({ 'alarm-transitioned': alarm }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const run = async (...words: readonly string[]) => {
    const [out, err]: [string[], string[]] = [[], []];
    const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), environment: {} };
    const code = await runProgram([...words, '--config', file], commandTable, io);
    const short = (lines: string[]) => lines.join('\n').replaceAll(`${folder}/`, '');
    return { code, out: short(out), err: short(err) };
  };
  return { folder, alarmFile: join(folder, 'alarm.json'), run };
}

describe('check-config', () => {
  test('names the place of a template that cannot be understood, and ends with 78', async (t) => {
    const { run } = prepare(t, "templates:\n  slack: {text_file: a.liquid}\n  email: {subject: '{% if x %}'}\n", {
      'a.liquid': 'fine\n  {{ state | upcas }}',
    });
    const { code, out } = await run('check-config');
    assert.equal(code, 78);
    assert.match(
      out,
      /^a\.liquid:2:3 templates\.slack\.text_file: expected a template that can be understood, got: undefined filter: upcas$/m,
    );
    assert.match(
      out,
      /^notification\.yaml:7:20 templates\.email\.subject: expected .* \(line 1, column 1 of the template\)$/m,
    );
    assert.deepEqual((await run('run')).code, 78);
  });

  test('warns of unknown variables, and of renderings that fail', async (t) => {
    const { run } = prepare(
      t,
      "templates:\n  slack: {text: 'x {{ alarm_nam }} {{ method.nmae }}'}\n  webhook: {body: '{\"a\": {{ message }} }'}\n",
    );
    const { code, out } = await run('check-config');
    assert.equal(code, 0);
    assert.match(
      out,
      /warning: unknown variable alarm_nam, always empty; the nearest known one is alarm_name \(line 1, column 6/,
    );
    assert.match(out, /warning: unknown variable method\.nmae, .*the nearest known one is name/);
    assert.match(out, /templates\.webhook\.body: warning: fails for an ALARM, .*: the result is not a JSON object/);
  });

  test('loads notifiers of third parties, and says what is wrong with them', async (t) => {
    const section = `notification_types:
  plugins: [./room.mjs, 'monasca_notification.plugins.x:Y']
  room: {url: 'https://rooms.example', token: T0P, colour: red}
templates: {room: {text: 'room {{ state }}'}}
`;
    const good = prepare(t, section);
    copyFileSync(join(repoRoot(), 'config/plugins/room.mjs'), join(good.folder, 'room.mjs'));
    const { code, out } = await good.run('check-config');
    assert.equal(code, 0, out);
    assert.match(out, /notification_types\.room\.colour: warning: unknown key/);
    assert.match(out, /monasca_notification\.plugins\.x:Y is skipped: a class of the ancestor/);
    assert.match((await good.run('render', good.alarmFile, '--type', 'room')).out, /"text": "room ALARM"/);

    for (const [source, words] of [
      [
        "throw new Error('boom');",
        /^notification\.yaml:6:13 notification_types\.plugins: expected a module with notifiers, got \.\/room\.mjs: a module that fails to load: boom$/m,
      ],
      [
        "export default ({ urlPlugin }) => urlPlugin('slack', [], {});",
        /expected a type of its own, not slack again, got it from \.\/room\.mjs/,
      ],
      [
        "export default ({ urlPlugin }) => urlPlugin('A B', [], {});",
        /expected a type of at most 20 of a-z 0-9 _ -, not "A B"/,
      ],
    ] as const) {
      const bad = prepare(t, 'notification_types:\n  plugins: [./room.mjs]\n', { 'room.mjs': source });
      const ended = await bad.run('check-config');
      assert.equal(ended.code, 78, ended.out);
      assert.match(ended.out, words);
      assert.deepEqual((await bad.run('run')).code, 78);
    }
  });
});

describe('render', () => {
  const templates = `templates:
  email: {subject: '[{{ state }}] {{ alarm_name }}', html: '<p>{{ alarm_name }}</p>', methods: {Ops: {subject: 'OPS {{ state }}'}}}
  webhook: {body: '{"a": {{ message }} }'}
`;

  test('prints the texts of every type that is configured', async (t) => {
    const { run, alarmFile } = prepare(t, templates);
    const { code, out } = await run('render', alarmFile);
    assert.equal(code, 1);
    assert.match(
      out,
      /^=== email\n\(subject: template\)\n\(html: template\)\n--- subject\n\[ALARM\] disk <full>\n--- text\n95 %\n/m,
    );
    assert.match(out, /--- html\n<p>disk &lt;full&gt;<\/p>$/m);
    assert.match(
      out,
      /^=== webhook\n\(body: built in, the template failed: the result is not a JSON object\)\n--- body\n\{\n {2}"alarm_id": "a-9"/m,
    );
    assert.ok(out.includes('=== slack') && !out.includes('=== telegram'));
  });

  test('prints those of one type, as for a method of some name, as JSON', async (t) => {
    const { run, alarmFile } = prepare(t, templates);
    const { code, out } = await run('render', alarmFile, '--type', 'EMAIL', '--name', 'Ops', '--json');
    assert.equal(code, 0);
    const { previews } = JSON.parse(out);
    assert.equal(previews.length, 1);
    assert.deepEqual(previews[0].pieces[0], { name: 'subject', text: 'OPS ALARM' });
    assert.deepEqual(previews[0].templates, [{ part: 'subject' }, { part: 'html' }]);
  });

  test('ends with 1 for a type that can tell nobody, and for what is no alarm', async (t) => {
    const { run, alarmFile, folder } = prepare(t, '');
    const missing = await run('render', alarmFile, '--type', 'telegram', '--type', 'pigeon');
    assert.equal(missing.code, 1);
    assert.match(missing.err, /telegram: .*token missing\npigeon: no notifier of this type is enabled/);
    writeFileSync(join(folder, 'none.json'), '{"alarmId": 1}');
    assert.match((await run('render', join(folder, 'none.json'))).err, /alarmName|newState|tenantId/);
    mkdirSync(join(folder, 'folder'));
    assert.match(
      (await run('render', join(folder, 'folder'))).err,
      /expected a readable file with an alarm, got a directory/,
    );
  });

  test('shows no control characters of an alarm to a terminal', async (t) => {
    const { run, folder } = prepare(t, '');
    const hostile = { ...alarm, alarmName: 'a\u001b[31mb\u0007' };
    writeFileSync(join(folder, 'hostile.json'), JSON.stringify(hostile));
    const { out } = await run('render', join(folder, 'hostile.json'), '--type', 'email');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test('does not go with words that contradict each other', async (t) => {
    const { run, alarmFile } = prepare(t, '');
    for (const words of [[], [alarmFile, alarmFile], [alarmFile, '--method', '1', '--type', 'email']]) {
      assert.equal((await run('render', ...words)).code, 2, words.join(' '));
    }
  });
});

test('test-notification sends what a template wrote', async (t) => {
  const receiver = await receiverOf(t, answer(200));
  const { run } = prepare(t, 'http: {allow: [127.0.0.1]}\ntemplates: {webhook: {body: \'{"own": "{{ state }}"}\'}}\n');
  const { code } = await run('test-notification', '--type', 'webhook', '--address', receiver.url());
  assert.equal(code, 0);
  assert.equal(receiver.requests[0]?.body, '{"own": "ALARM"}');
});
