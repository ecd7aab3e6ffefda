import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Alarm } from '../../../src/domain/alarm.js';
import { builtinNotifiers } from '../../../src/notifiers/builtin.js';
import { utf8Bytes, utf16Units } from '../../../src/notifiers/cut-text.js';
import { valueIn } from '../../../src/notifiers/json-answer.js';
import type { MessageTexts, NotifierPlugin } from '../../../src/ports/notifier.js';
import { aNotification, anAlarm } from '../../support/notifications.js';

/** Sections with which a type is ready. */
const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  email: { server: 'relay', from_addr: 'mon@example.com', grafana_url: 'https://grafana.example' },
  jira: { url: 'https://jira.example', token: 't' },
  telegram: { token: 't' },
  sms: { account: 'A', token: 't', from: '+15005550006' },
};

/** What each receiver takes at most; `body` is the whole. Source: the documents that each `message.ts` names. */
const limits: Readonly<
  Record<string, readonly (readonly [path: string, measure: (text: string) => number, most: number])[]>
> = {
  email: [['subject', utf16Units, 800]],
  slack: [['text', utf16Units, 4_000]],
  pagerduty: [
    ['payload.summary', utf16Units, 1_024],
    ['body', utf8Bytes, 512 * 1024],
  ],
  jira: [
    ['summary', utf16Units, 255],
    ['comment', utf16Units, 32_767],
  ],
  teams: [['body', utf8Bytes, 28 * 1024]],
  discord: [['content', utf16Units, 2_000]],
  mattermost: [['text', utf16Units, 16_383]],
  opsgenie: [
    ['message', utf16Units, 130],
    ['description', utf16Units, 15_000],
  ],
  telegram: [['text', utf16Units, 4_096]],
  ntfy: [['message', utf8Bytes, 4_096]],
  sms: [['Body', utf16Units, 459]],
};

function piecesOf({ type, configure }: NotifierPlugin, alarm: Alarm, texts: MessageTexts) {
  const configured = configure(sections[type]);
  assert.ok(configured.kind === 'ready' && configured.preview !== undefined, type);
  return configured.preview(aNotification(type, 'x', { alarm }), texts);
}

/** The text at a path, of the body as it would be sent, or of a mail. */
function textAt(pieces: ReturnType<typeof piecesOf>, path: string): string {
  const [first] = pieces;
  if (first?.name !== 'body') return pieces.find(({ name }) => name === path)?.text ?? '';
  const body: unknown = JSON.parse(first.text);
  return path === 'body' ? JSON.stringify(body) : String(valueIn(body, ...path.split('.')) ?? '');
}

const nasty = fc.constantFrom(
  ...['a', ' ', '\n', '"', '\\', '<', '&', '*_', '@', '{code}', '\u0000', '\u2028', 'é', 'ß', 'e\u0301', '漢'],
  ...['👨‍👩‍👧‍👦', '🇩🇪', '\ud800', '\udc00', '\u200d', '`'],
);
/** Short, or far beyond every limit. */
const long = fc
  .tuple(fc.array(nasty, { minLength: 1, maxLength: 8 }), fc.constantFrom(1, 40, 300, 5_000))
  .map(([signs, times]) => signs.join('').repeat(times));
const alarms = fc.record({ alarmName: long, stateChangeReason: long, alarmId: long, severity: long, newState: long });

describe('the messages of every type', () => {
  for (const plugin of builtinNotifiers) {
    test(`of ${plugin.type} stay within what its receiver takes, and are well-formed`, () => {
      const parts = (plugin.parts ?? []).filter(({ format }) => format === 'text').map(({ part }) => part);
      fc.assert(
        fc.property(alarms, long, fc.subarray(parts), (changes, written, chosen) => {
          const texts = Object.fromEntries(chosen.map((part) => [part, written]));
          const pieces = piecesOf(plugin, anAlarm(changes), texts);
          for (const [path, measure, most] of limits[plugin.type] ?? []) {
            const text = textAt(pieces, path);
            assert.ok(measure(text) <= most, `${path}: ${measure(text)}`);
            assert.doesNotMatch(text, /[\ud800-\udfff]/u, path);
          }
        }),
        { numRuns: 25 },
      );
    });
  }

  test('say how much was left out, cut between two letters as people see them', () => {
    const family = '👨‍👩‍👧‍👦';
    for (const [type, paths] of Object.entries(limits)) {
      const plugin = builtinNotifiers.find((one) => one.type === type);
      if (plugin === undefined || type === 'email') continue;
      const texts = { subject: family.repeat(10_000), text: family.repeat(10_000) };
      const pieces = piecesOf(plugin, anAlarm(), texts);
      for (const [path] of paths.filter(([one]) => one !== 'body')) {
        const text = textAt(pieces, path).replace(/^Notification .*\n/, '');
        assert.match(text, new RegExp(`^(${family})+… \\d+ more( \\(20a54a65\\))?$`, 'u'), `${type} ${path}`);
      }
    }
  });
});
