import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { effectiveTree, effectiveYaml } from '../../../src/config/show.js';
import type { NotifierPlugin } from '../../../src/ports/notifier.js';
import { load, minimal } from '../../support/config-file.js';
import { FakeMailPlugin, fakeWebhookPlugin } from '../../support/fakes/notifier-plugins.js';

const mail: NotifierPlugin = Object.assign(new FakeMailPlugin(), {
  parts: [
    { part: 'subject', format: 'text' },
    { part: 'html', format: 'html' },
  ] as const,
});
const plugins = [mail, fakeWebhookPlugin];

function templatesOf(loaded: ReturnType<typeof load>['loaded']) {
  assert.ok(loaded.kind === 'valid', JSON.stringify(loaded));
  return loaded.config.templates.map(({ type, method, part, text, key, line }) => {
    return [type, method, part, text, key, line];
  });
}

describe('the section templates', () => {
  test('holds texts and files by type, part and name of method', (t) => {
    const text = `${minimal}templates:
  Email:
    subject: 'a \${WHO:-nobody} $\${x}'
    html_file: mail.html
    methods:
      On.call {1}:
        subject: b
`;
    const { loaded, warnings } = load(t, text, { plugins, files: { 'mail.html': '<p>\n' } });
    assert.deepEqual(warnings, []);
    assert.deepEqual(templatesOf(loaded), [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the signs themselves are meant
      ['email', undefined, 'subject', 'a nobody ${x}', 'templates.Email.subject', 7],
      ['email', undefined, 'html', '<p>\n', 'templates.Email.html_file', 1],
      ['email', 'On.call {1}', 'subject', 'b', 'templates.Email.methods.On.call {1}.subject', 11],
    ]);
  });

  test('may be empty', (t) => {
    for (const text of [
      'templates:',
      'templates: {}',
      'templates: {email: }',
      'templates: {email: {methods: {x: }}}',
    ]) {
      assert.deepEqual(templatesOf(load(t, `${minimal}${text}\n`, { plugins }).loaded), [], text);
    }
  });

  test('has its problems with their places', (t) => {
    for (const [text, expected] of [
      ['templates: x', 'n.yaml:5:12 templates: expected a section, got a text'],
      ['templates: {email: [a]}', 'n.yaml:5:20 templates.email: expected a section, got a list'],
      ['templates: {email: {subject: }}', 'n.yaml:5:21 templates.email.subject: expected a text, got nothing'],
      ['templates: {email: {subject: {a: b}}}', 'n.yaml:5:30 templates.email.subject: expected a text, got a section'],
      [
        'templates: {email: {html_file: nowhere}}',
        'n.yaml:5:32 templates.email.html_file: expected a readable file, got "nowhere" (no such file)',
      ],
      [
        'templates: {email: {html: a, html_file: b}}',
        'n.yaml:5:30 templates.email.html_file: expected html once, got it again',
      ],
      [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the signs themselves are meant
        "templates: {email: {subject: '${NOT_SET}'}}",
        'n.yaml:5:30 templates.email.subject: expected the environment variable NOT_SET to be set, got none',
      ],
    ] as const) {
      assert.deepEqual(load(t, `${minimal}${text}\n`, { plugins }).problems, [expected]);
    }
  });

  test('is warned of what no type has', (t) => {
    const { warnings } = load(t, `${minimal}templates: {mail: {subject: a}, webhook: {body: b}, email: {text: c}}\n`, {
      plugins,
    });
    assert.deepEqual(warnings, [
      'n.yaml:5:13 templates.mail: ignored, no type with templates: email',
      'n.yaml:5:33 templates.webhook: ignored, no type with templates: email',
      'n.yaml:5:61 templates.email.text: ignored, no part of email: subject or html, or one of these with _file',
    ]);
  });

  test('is shown as it is in force, and loads again as the same', (t) => {
    const first = load(t, `${minimal}templates: {email: {subject: 'a $\${b}', methods: {__proto__: {html: c}}}}\n`, {
      plugins,
    });
    assert.ok(first.loaded.kind === 'valid');
    const { settings, config } = first.loaded;
    const again = load(t, effectiveYaml(settings, plugins, config.templates), { plugins });
    const plain = (list: ReturnType<typeof templatesOf>) => list.map((one) => one.slice(0, 4));
    assert.deepEqual(plain(templatesOf(again.loaded)), plain(templatesOf(first.loaded)));
    assert.equal(Reflect.get(effectiveTree(settings, plugins, config.templates), 'html'), undefined);
    assert.equal(Reflect.get({}, 'html'), undefined);
  });
});
