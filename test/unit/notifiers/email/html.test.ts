import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Alarm } from '../../../../src/domain/alarm.js';
import { mailHtml } from '../../../../src/notifiers/email/html.js';
import { anAlarm } from '../../../support/notifications.js';

/** What a reader of HTML finds: every tag with its attributes, and the text between, entities undone. */
function read(document: string) {
  const text = (escaped: string) =>
    escaped.replace(/&(lt|gt|quot|#39|amp|ensp);/g, (_, name: string) => {
      return { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&', ensp: ' ' }[name] ?? '';
    });
  const tags = [...document.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
  const attributes = tags.flatMap((tag) => [...tag.matchAll(/ ([a-z-]+)="([^"]*)"/g)]);
  return {
    names: new Set(tags.map((tag) => /^<!?\/?([a-z0-9]+)/i.exec(tag)?.[1])),
    attributes: new Set(attributes.map(([, name]) => name)),
    links: attributes.filter(([, name]) => name === 'href').map(([, , value = '']) => text(value)),
    text: text(document.replace(/<style>[^<]*<\/style>/, '').replace(/<[^>]*>/g, '\n')),
    // What is left of the tags when names and quoted attributes are taken away.
    rest: tags.map((tag) => tag.replace(/ [a-z-]+="[^"]*"/g, '').replace(/^<!?\/?[a-z0-9]+( html)?>$/i, '')).join(''),
  };
}

const hostile = fc.string({
  unit: fc.constantFrom(
    ...['<', '>', '"', "'", '&', '</td>', '<script>alert(1)</script>', '" onclick="x', 'javascript:', '&lt;', ']]>'],
    ...[
      '<!--',
      '-->',
      '\0',
      '\u001b',
      '\u202e',
      '\ud800',
      '\r\n',
      '`',
      '{{',
      '$',
      'http://a.example/',
      ' ',
      'a',
      '\u6e29',
    ],
  ),
  maxLength: 10,
});

describe('the mail as HTML', () => {
  test('is the same document around whatever an alarm says', () => {
    const plain = read(
      mailHtml(
        anAlarm({ link: 'https://a.example/', metrics: [{ name: 'm', dimensions: { h: '1' } }] }),
        'https://g.example',
      ),
    );
    const alarms = fc.record({
      ...{ alarmName: hostile, stateChangeReason: hostile, newState: hostile, oldState: hostile, alarmId: hostile },
      ...{ severity: hostile, link: hostile, lifecycleState: hostile, alarmDescription: hostile },
      metrics: fc.array(fc.record({ name: hostile, dimensions: fc.dictionary(hostile, hostile) }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(alarms, (changes: Partial<Alarm>) => {
        const found = read(mailHtml(anAlarm(changes), 'https://g.example'));
        for (const name of found.names) assert.ok(plain.names.has(name), `a tag ${name}`);
        for (const name of found.attributes) assert.ok(plain.attributes.has(name), `an attribute ${name}`);
        assert.equal(found.rest, '');
        for (const link of found.links) assert.match(link, /^https?:\/\//);
        const state = (changes.newState ?? '').replace(/(?![\t\n\r])\p{Cc}|\p{Cs}/gu, '\ufffd');
        assert.ok(found.text.includes(state));
      }),
      { numRuns: 1000 },
    );
  });

  test('says what the plain text says', () => {
    const metrics = ['web-1', 'web-2'].map((hostname) => ({
      name: 'cpu.percent',
      dimensions: { hostname, target_host: 'db' },
    }));
    const alarm = anAlarm({ metrics, link: 'https://runbook.example/?a=1&b=2' });
    const { text, links } = read(mailHtml(alarm, 'https://g.example'));
    const words = [
      'ALARM \u00b7 LOW',
      'test Alarm',
      'I am alarming!',
      'web-1, web-2',
      'db',
      'OK \u2192 ALARM',
      'OPEN',
      '20a54a65',
    ];
    for (const word of [...words, 'Tue Apr 14 14:57:33 2015 UTC', 'test Alarm description']) {
      assert.ok(text.includes(word), word);
    }
    assert.equal(links[0], 'https://runbook.example/?a=1&b=2');
    assert.match(
      links[1] ?? '',
      /^https:\/\/g\.example\/dashboard\/script\/drilldown\.js\?metric=cpu\.percent&hostname=web-1/,
    );
  });

  test('shows a link that nobody can follow as text, and each state in a colour and by name', () => {
    const { text, links } = read(mailHtml(anAlarm({ link: 'javascript:alert(1)' }), undefined));
    assert.deepEqual(links, []);
    assert.ok(text.includes('javascript:alert(1)'));
    const bands = ['ALARM', 'OK', 'UNDETERMINED', 'constructor'].map((newState) => {
      const band = /background:(#[0-9a-f]{6});color:#ffffff;font-weight:700[^>]*>([^<]*)</.exec(
        mailHtml(anAlarm({ newState }), undefined),
      );
      assert.ok(band?.[2]?.includes(newState));
      return band?.[1];
    });
    assert.equal(new Set(bands).size, 4);
  });

  test('loads and runs nothing', () => {
    assert.doesNotMatch(
      mailHtml(anAlarm(), 'https://g.example'),
      /<(img|script|link|iframe|form|base)\b|url\(|@import/i,
    );
  });

  test('stays small for an alarm of any size', () => {
    const metrics = Array.from({ length: 5000 }, (_, at) => ({ name: 'm', dimensions: { hostname: `host-${at}` } }));
    const document = mailHtml(anAlarm({ stateChangeReason: 'x'.repeat(1e6), metrics }), undefined);
    assert.ok(document.length < 300_000, `${document.length} characters`);
    assert.match(document, /\d+ more left out/);
  });
});
