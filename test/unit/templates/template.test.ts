import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TemplatePart } from '../../../src/ports/notifier.js';
import { templateLimits } from '../../../src/templates/limits.js';
import { Template, TemplateFailure, TemplateSyntaxError } from '../../../src/templates/template.js';

const text: TemplatePart = { part: 'text', format: 'text' };
const html: TemplatePart = { part: 'html', format: 'html' };
const json: TemplatePart = { part: 'body', format: 'json' };
const noTime = () => 0;

function rendered(source: string, values: object = {}, part: TemplatePart = text): string {
  return new Template(source, part, noTime).render(values);
}

describe('a template', () => {
  test('writes values, lists and dates', () => {
    const values = { state: 'ALARM', hosts: ['b', 'a'], at: 1_429_023_453, none: null };
    assert.equal(rendered('{{ state }} {{ hosts | sort | join: "," }}{{ none }}{{ nobody }}', values), 'ALARM a,b');
    assert.equal(rendered('{{ at | date: "%H:%M" }}', values), '14:57');
    assert.equal(rendered('{{ at | date: "%H:%M", "Europe/Berlin" }}', values), '16:57');
    assert.equal(rendered('{% for h in hosts %}{{ forloop.index }}{{ h }}{% endfor %}', values), '1b2a');
    assert.equal(rendered('{{ hosts }} {{ hosts | json }}', values), '["b","a"] ["b","a"]');
  });

  test('keeps nothing from one rendering to the next', () => {
    const template = new Template('{% assign seen = seen | append: "x" %}{{ seen }}', text, noTime);
    assert.deepEqual([template.render({}), template.render({})], ['x', 'x']);
  });

  test('says where it cannot be understood', () => {
    for (const [source, line, column, words] of [
      ['a\n {{ x | upcas }}', 2, 2, /undefined filter: upcas/],
      ['{% if x %}', 1, 1, /not closed/],
      ['\n\n{% wile %}', 3, 1, /tag "wile" not found/],
      ['{{ x', 1, 1, /not closed/],
      ['x'.repeat(templateLimits.sourceCharacters + 1), 1, 1, /longer than/],
      [`{{ ${'a['.repeat(8_000)}1${']'.repeat(8_000)} }}`, 1, 1, /too deep|not closed|invalid/],
    ] as const) {
      assert.throws(
        () => new Template(source, text, noTime),
        (error) => {
          assert.ok(error instanceof TemplateSyntaxError, String(error));
          assert.match(error.message, words);
          assert.deepEqual([error.line, error.column], [line, column], source.slice(0, 40));
          return true;
        },
      );
    }
  });

  test('has no tag and no filter that reads files, compiles text or switches escaping off', () => {
    for (const source of [
      ...[
        "include 'x'",
        "render 'x'",
        "layout 'x'",
        'block x',
        'capture x',
        'tablerow x in y',
        'increment x',
        'liquid',
      ],
      ...['cycle 1', 'constructor', '__proto__', 'toString'],
    ]) {
      assert.throws(() => new Template(`{% ${source} %}`, text, noTime), TemplateSyntaxError, source);
    }
    for (const filter of [
      ...['raw', 'where_exp: "x", "y"', 'group_by_exp: "x", "y"', 'find_exp: "x", "y"', 'sample', 'concat: a'],
      ...['push: a', 'constructor', 'valueOf', '__proto__', 'inspect', 'strip_html', 'base64_decode'],
    ]) {
      assert.throws(() => new Template(`{{ x | ${filter} }}`, text, noTime), TemplateSyntaxError, filter);
    }
  });

  test('reaches nothing but own properties', () => {
    const values = { name: 'n', metrics: [{ name: 'm' }], f: { g: 1 } };
    const paths = ['constructor', '__proto__', 'name.constructor', 'metrics.constructor.name', 'metrics[0].__proto__'];
    for (const path of [...paths, 'f.constructor.constructor', 'toString', 'metrics.map', 'name.length.constructor']) {
      assert.equal(rendered(`[{{ ${path} }}]`, values), '[]', path);
    }
  });

  test('names what it reads, with the place, and not what it makes itself', () => {
    const source = '{% assign a = state %}{{ a }}\n{% for m in metrics %}{{ m.name }}{% endfor %}{{ method.nmae }}';
    const uses = new Template(source, text, noTime).uses();
    assert.deepEqual(
      uses.map(({ path, line }) => [path.join('.'), line]),
      [
        ['state', 1],
        ['metrics', 2],
        ['method.nmae', 2],
      ],
    );
  });
});

describe('a result', () => {
  test('that is empty, or no JSON object where one belongs, is a failure', () => {
    assert.throws(() => rendered(' {{ nobody }}\n'), { name: 'TemplateFailure', message: /empty/ });
    for (const source of ['{', '[]', '"x"', '{"a": {{ message }} }', '{"a": 1}}']) {
      assert.throws(() => rendered(source, { message: 'x' }, json), { message: /not a JSON object/ }, source);
    }
  });

  test('that its receiver would refuse for its length is a failure', () => {
    const part = { ...json, mostBytes: 20 };
    assert.equal(rendered('{"a": "{{ b }}"}', { b: 'x'.repeat(10) }, part).length, 19);
    assert.throws(() => rendered('{"a": "{{ b }}"}', { b: 'é'.repeat(10) }, part), {
      message: /longer than its receiver/,
    });
  });

  test('in HTML shows every text as it is', () => {
    const values = { message: '<img src=x onerror="a(\'b\')">&amp;' };
    assert.equal(
      rendered('<p title="{{ message }}">', values, html),
      '<p title="&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;amp;">',
    );
    assert.doesNotMatch(rendered('{{ message | json }}{{ message | append: "<" }}', values, html), /[<>"']/);
  });

  test('in JSON is the value that was meant, whatever it is', () => {
    const source = '{"text": "a {{ value }} b", "whole": {{ value | json }}, "list": {{ list }}, "n": {{ n }} }';
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (value, list) => {
        const read = JSON.parse(rendered(source, { value, list: [list], n: 7 }, json));
        assert.deepEqual(read, JSON.parse(JSON.stringify({ text: `a ${value} b`, whole: value, list: [list], n: 7 })));
      }),
    );
  });

  test('in JSON for a receiver with markup is escaped for both', () => {
    const part = { ...json, escape: (value: string) => value.replaceAll('<', '&lt;') };
    const source = '{"a": "{{ message }}", "b": {{ message | json }}, "c": {{ list | json }} }';
    assert.deepEqual(JSON.parse(rendered(source, { message: '"<', list: ['<'] }, part)), {
      a: '"&lt;',
      b: '"&lt;',
      c: ['&lt;'],
    });
  });
});

const reason = 'x'.repeat(20_000);
const metrics = Array.from({ length: 200 }, (_, index) => ({
  name: `m${index}`,
  dimensions: { hostname: `h${index}` },
}));
const doubling = `{% assign a = "xxxxxxxxxx" %}${'{% assign a = a | append: a %}'.repeat(60)}{{ a }}`;

/** Templates that would hold up a worker, or fill its memory. */
const bombs: Readonly<Record<string, string>> = {
  'a huge range': '{% for i in (1..100000000) %}x{% endfor %}',
  'an endless range': '{% for i in (1..1e400) %}x{% endfor %}',
  'a long loop over nothing': '{% for i in (1..150000) %}{% endfor %}x',
  'loops in loops':
    '{% for i in (1..500) %}{% for j in (1..500) %}{% for k in (1..500) %}x{% endfor %}{% endfor %}{% endfor %}',
  'a text that doubles': doubling,
  'a sorted range': '{% assign a = (1..100000000) | sort: "a.b.c" %}{{ a | size }}',
  'a list for each letter': `${'{% assign a = reason | split: "" | reverse | sort | uniq %}'.repeat(9)}x`,
  'a replaced letter': '{{ reason | replace: "x", reason }}',
  'a replaced nothing': '{{ reason | replace: "", reason }}',
  'a padded date': '{{ 1429023453 | date: "%99999999d" }}',
  'many dates': '{% for i in (1..9000) %}{% assign x = 1429023453 | date: "%c", "Europe/Berlin" %}{% endfor %}x',
  'a long text in a loop': `{% for i in (1..9000) %}${'y'.repeat(30_000)}{% endfor %}`,
  'the alarm in a loop': '{% for i in (1..1000) %}{{ reason }}{% endfor %}',
  'all metrics in a loop': '{% for i in (1..1000) %}{{ metrics | json }}{% endfor %}',
  'all metrics printed in a loop': '{% for i in (1..1000) %}{{ metrics }}{% endfor %}',
  'a far slice': '{{ reason | slice: 0, 1000000000 }}',
};

describe('a bomb', () => {
  for (const [what, source] of Object.entries(bombs)) {
    test(`of ${what} ends by what is counted, on any machine`, () => {
      assert.throws(
        () => rendered(source, { reason, metrics }),
        (error) => error instanceof TemplateFailure && /too many|too much|too long \(|empty/.test(error.message),
      );
    });
  }

  test('of another kind ends when the processor has worked long enough', () => {
    let spentMs = 0;
    const template = new Template('{% for i in (1..100) %}{{ i }}{% endfor %}', text, () => {
      spentMs += 1;
      return spentMs;
    });
    assert.throws(() => template.render({}), { name: 'TemplateFailure', message: /takes too long/ });
  });

  test('of depth is refused or rendered, and breaks nothing', () => {
    const depth = 1_300;
    const source = `${'{% if true %}'.repeat(depth)}x${'{% endif %}'.repeat(depth)}`;
    try {
      assert.equal(rendered(source), 'x');
    } catch (error) {
      assert.ok(error instanceof TemplateFailure || error instanceof TemplateSyntaxError, String(error));
    }
  });

  test('says nothing of the alarm in its failure', () => {
    const secret = 'CANARY-7f3a';
    for (const source of ['{{ "x" | date: "%H", reason }}', '{{ reason | slice: 0, 1e9 }}', doubling]) {
      try {
        rendered(source, { reason: secret });
      } catch (error) {
        assert.ok(error instanceof TemplateFailure && !error.message.includes(secret), String(error));
      }
    }
  });
});

test('no template, whatever stands in it, does anything but render or fail', () => {
  const pieces = fc.constantFrom(
    ...['{{', '}}', '{%', '%}', 'if', 'endif', 'for', 'in', 'endfor', 'state', '|', 'append:', '"a"', '(1..9)', ' '],
    ...['assign', '=', 'case', 'when', 'else', '[', ']', '.', 'metrics', '-', 'date:', 'json', '\n', 'raw', 'endraw'],
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      try {
        rendered(parts.join(' '), { state: 'ALARM', metrics });
      } catch (error) {
        assert.ok(error instanceof TemplateFailure || error instanceof TemplateSyntaxError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
