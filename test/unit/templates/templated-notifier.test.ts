import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageTexts, Notifier, TemplatePart } from '../../../src/ports/notifier.js';
import type { Telemetry } from '../../../src/telemetry/telemetry.js';
import { TemplateSet, type TemplateSource } from '../../../src/templates/template-set.js';
import { withTemplates } from '../../../src/templates/templated-notifier.js';
import { aNotification } from '../../support/notifications.js';

const parts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
];

function setOf(...sources: readonly (Partial<TemplateSource> & Pick<TemplateSource, 'part' | 'text'>)[]): TemplateSet {
  return new TemplateSet(
    sources.map((source) => ({ type: 'chat', method: undefined, ...source })),
    {
      spentMs: () => 0,
      partsOf: () => parts,
      valuesOf: ({ alarm, method }) => ({ name: alarm.alarmName, to: method.name }),
    },
  );
}

function textsFor(set: TemplateSet, name = 'test notification') {
  const { method } = aNotification('chat', 'x');
  return set.render(aNotification('chat', 'x', { method: { ...method, name } })).texts;
}

test('a method has its own parts, and those of its type for the rest', () => {
  const set = setOf(
    { part: 'subject', text: 'all {{ to }}' },
    { part: 'text', text: 'text' },
    { part: 'subject', method: 'Ops', text: 'ops {{ to }}' },
    { part: 'subject', method: '__proto__', text: 'proto' },
  );
  assert.deepEqual(textsFor(set), { subject: 'all test notification', text: 'text' });
  assert.deepEqual(textsFor(set, 'Ops'), { subject: 'ops Ops', text: 'text' });
  assert.deepEqual(textsFor(set, 'ops'), { subject: 'all ops', text: 'text' });
  assert.deepEqual(textsFor(set, '__proto__'), { subject: 'proto', text: 'text' });
});

test('a type without templates gets none, and parts that it does not have are left out', () => {
  const set = setOf({ part: 'html', text: '<b>' }, { type: 'other', part: 'text', text: 'x' });
  assert.deepEqual([set.has('chat'), set.has('other')], [false, true]);
  assert.deepEqual(textsFor(set), {});
});

test('a template that fails costs its own part, and is told once per send', async () => {
  const events: unknown[] = [];
  const telemetry = {
    event: (name: string, fields: unknown) => void events.push([name, fields]),
  } as unknown as Telemetry;
  const sent: (MessageTexts | undefined)[] = [];
  const notifier: Notifier = {
    destinationOf: () => 'there',
    send: async (_notification, _signal, texts) => {
      sent.push(texts);
      return { remoteId: undefined, wire: 'ok' };
    },
    close: async () => {},
  };
  const set = setOf({ part: 'subject', text: '{{ nobody }}' }, { part: 'text', text: 'hello {{ name }}' });
  const wrapped = withTemplates(
    new Map([
      ['chat', notifier],
      ['plain', notifier],
    ]),
    set,
    telemetry,
  );
  assert.equal(wrapped.get('plain'), notifier);
  const notification = aNotification('chat', 'x');
  await wrapped.get('chat')?.send(notification, new AbortController().signal);
  assert.deepEqual(sent, [{ text: 'hello test Alarm' }]);
  const fields = {
    method_type: 'chat',
    part: 'subject',
    problem: 'the result is empty',
    notification_id: notification.id,
  };
  assert.deepEqual(events, [['template_failed', fields]]);
});
