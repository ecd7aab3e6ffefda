import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { CommandRun } from '../support/command-run.js';
import type { EngineProcess } from '../support/engine-process.js';
import { metricOf } from '../support/metric-of.js';
import { repoRoot } from '../support/repo.js';
import { cleanUpAfterSuite, skipWithoutServices } from '../support/services.js';
import { World } from '../support/world.js';

describe('an engine with templates and a notifier of a third party', { skip: skipWithoutServices() }, () => {
  const suite = cleanUpAfterSuite();
  let world: World;
  let engine: EngineProcess;
  let mailbox: string;

  before(async () => {
    world = await World.create(suite, { partitionCount: 1 });
    await mkdir(join(world.folder, 'plugins'));
    await copyFile(join(repoRoot(), 'config/plugins/room.mjs'), join(world.folder, 'plugins/room.mjs'));
    engine = await world.startActive({
      'notification_types.plugins': ['./plugins/room.mjs'],
      'notification_types.room.url': world.http.url,
      'notification_types.room.token': 'T0P',
      'templates.email.subject': 'OWN {{ state }} {{ method.name }}',
      // It renders for short alarms only.
      'templates.email.text': '{% for i in (1..9999) %}{{ message }}{% endfor %}',
      'templates.email.html': '<b>{{ message }}</b>',
      'templates.webhook.body':
        '{"notification_id": "{{ notification_id }}", "alarm_id": "{{ alarm_id }}", "own": "{{ message }}"}',
      'templates.room.text': 'room {{ message }}',
    });
    mailbox = await world.mailbox();
    await world.database.method({ id: 'room-1', type: 'ROOM', address: 'ops-room' });
    const definition = await world.definition(mailbox, await world.webhook(), 'room-1');
    await world.send(1, definition, { stateChangeReason: '<95 "%">' });
    await world.caughtUp();
  });

  it('tells each receiver what its template wrote, and the built-in text where one fails', () => {
    const [mail] = world.mail.mails;
    assert.match(mail?.headers.subject ?? '', /OWN ALARM/);
    const raw = mail?.raw ?? '';
    const bodies = [raw, ...raw.split('\r\n\r\n').map((block) => Buffer.from(block, 'base64').toString('utf8'))];
    assert.ok(bodies.some((body) => body.includes('<b>&lt;95 &quot;%&quot;&gt;</b>')));
    assert.ok(bodies.some((body) => body.includes('transitioned to the ALARM state')));
    const hook = world.http.requests.find(({ path }) => path.startsWith('/hook'));
    assert.equal(JSON.parse(hook?.body ?? '{}').own, '<95 "%">');
    const room = world.http.requests.find(({ path }) => path === '/v1/messages');
    assert.deepEqual(JSON.parse(room?.body ?? '{}'), { room: 'ops-room', text: 'room <95 "%">' });
    assert.equal(room?.headers.authorization, 'Bearer T0P');
  });

  it('shows the same for a method of the database before anything is sent', async () => {
    const [record] = await world.records('sent');
    const alarm = join(world.folder, 'alarm.json');
    await writeFile(alarm, JSON.stringify(record?.value.raw_alarm));
    const file = join(world.folder, 'engine-0.yaml');
    const { code, out } = await new CommandRun(['render', alarm, '--config', file, '--method', mailbox, '--json'])
      .ended;
    assert.equal(code, 1, 'a template fails');
    const [preview] = JSON.parse(out).previews;
    assert.equal(preview.type, 'email');
    const { subject, html } = Object.fromEntries(
      preview.pieces.map(({ name, text }: { name: string; text: string }) => [name, text]),
    );
    assert.match(subject, /^OWN ALARM /);
    assert.equal(html, '<b>&lt;95 &quot;%&quot;&gt;</b>');
    const none = await new CommandRun(['render', alarm, '--config', file, '--method', 'nowhere']).ended;
    assert.equal(none.code, 1);
    assert.match(none.err, /no such notification method/);
  });

  it('counts the failure, names it in the log, and records every method as sent', async () => {
    assert.equal(metricOf((await engine.get('/metrics')).text, 'template_failures_total'), 1);
    const [failed] = engine.named('template_failed');
    assert.deepEqual([failed?.part, failed?.method_type], ['text', 'email']);
    assert.match(String(failed?.problem), /too long|too much|too many/);
    const records = await world.records('sent');
    assert.deepEqual(records.map(({ value }) => value.type).sort(), ['email', 'room', 'webhook']);
  });
});
