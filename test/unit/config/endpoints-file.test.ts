import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseEndpoints, readEndpointsFile } from '../../../src/config/endpoints-file.js';
import type { Endpoint } from '../../../src/domain/endpoint.js';
import { privateFolder } from '../../support/config-file.js';

function read(source: string): readonly Endpoint[] {
  const file = parseEndpoints(source);
  assert.ok(file.kind === 'endpoints', JSON.stringify(file));
  return file.endpoints;
}

function first(source: string): Endpoint {
  const [endpoint] = read(source);
  assert.ok(endpoint !== undefined);
  return endpoint;
}

function problems(source: string): readonly string[] {
  const file = parseEndpoints(source);
  return file.kind === 'malformed' ? file.problems : [];
}

describe('a file of endpoints', () => {
  it('gives each entry as written, GET where no method is named', () => {
    const { headers, body, ...rest } = first('- {name: index page, url: "https://fetch.com/careers?x=1#top"}');
    assert.deepEqual(
      { ...rest, headers, body },
      {
        ...{ number: 1, name: 'index page', method: 'GET', url: 'https://fetch.com/careers?x=1', domain: 'fetch.com' },
        ...{ authorization: undefined, headers: [], body: undefined },
      },
    );
  });

  it('keeps the body byte for byte, and writes methods in capitals', () => {
    const { body, method } = first('- name: a\n  url: http://h\n  method: post\n  body: \'{"foo":"bar",  "ü": 1}\'\n');
    assert.deepEqual([body?.reveal(), method], ['{"foo":"bar",  "ü": 1}', 'POST']);
  });

  it('takes numbers and booleans in headers as they are written', () => {
    const { headers } = first(
      '- {name: a, url: "http://h", headers: {v: 1.10, n: 007, b: True, y: on, e: "", ü-free: ~x}}'.replace(
        'ü-free',
        'tilde',
      ),
    );
    assert.deepEqual(
      headers.map(({ name, value }) => `${name}=${value.reveal()}`),
      ['v=1.10', 'n=007', 'b=True', 'y=on', 'e=', 'tilde=~x'],
    );
  });

  it('sends the bytes of a header that is not ASCII', () => {
    const [header] = first('- {name: a, url: "http://h", headers: {x: "grün"}}').headers;
    assert.deepEqual(Buffer.from(header?.value.reveal() ?? '', 'latin1').toString('utf8'), 'grün');
  });

  it('counts by the host: no port, no login, no letters in capitals', () => {
    const urls = ['http://h:8080/a', 'http://h:9090/b', 'https://h/c', 'HTTP://u:p@H:80?x=1'];
    const domains = read(urls.map((url) => `- {name: a, url: "${url}"}`).join('\n')).map(({ domain }) => domain);
    assert.deepEqual([...new Set(domains)], ['h']);
    assert.equal(first('- {name: a, url: "http://[::1]:80/"}').domain, '[::1]');
    assert.equal(first('- {name: a, url: "http://Bücher.example/"}').domain, 'xn--bcher-kva.example');
    assert.notEqual(
      first('- {name: a, url: "http://a.x.com"}').domain,
      first('- {name: a, url: "http://b.x.com"}').domain,
    );
  });

  it('turns a login in the URL into a header, and shows it nowhere', () => {
    const endpoint = first('- {name: a, url: "http://u%40x:canary-5d@h/"}');
    assert.equal(endpoint.authorization?.reveal(), `Basic ${Buffer.from('u@x:canary-5d').toString('base64')}`);
    assert.doesNotMatch(JSON.stringify(endpoint), /canary/);
  });

  it('may share headers by alias and merge', () => {
    const source = '- &a {name: a, url: "http://h", headers: &h {k: v}}\n- {<<: *a, name: b, headers: *h}\n';
    assert.deepEqual(
      read(source).map(({ name, url, headers }) => [name, url, headers.length]),
      [
        ['a', 'http://h/', 1],
        ['b', 'http://h/', 1],
      ],
    );
  });

  it('is told what is wrong with a section of 180,000 merged keys', () => {
    const headers = Array.from({ length: 20_000 }, (_, at) => `k${at}: v`).join(', ');
    const merged = Array(9).fill('*h').join(', ');
    const source = `- {name: a, url: "http://h", headers: &h {${headers}}}\n- {name: b, url: "http://h", headers: {<<: [${merged}]}}`;
    assert.deepEqual(problems(source), [
      'entry 1 (a): headers holds more than 100 (line 1)',
      'entry 2 (b): headers holds more than 100 (line 2)',
    ]);
  });

  it('leaves out a length or an encoding that does not fit the body, with a warning', () => {
    const file = parseEndpoints(
      '- {name: a, url: "http://h", body: ab, headers: {Content-Length: 5, transfer-encoding: chunked}}\n' +
        '- {name: b, url: "http://h", body: ab, headers: {Content-Length: 2}}',
    );
    assert.ok(file.kind === 'endpoints');
    assert.deepEqual([file.endpoints[0].headers, file.endpoints[1]?.headers.length, file.warnings.length], [[], 1, 2]);
  });

  it('warns of unknown keys, with the nearest one', () => {
    const file = parseEndpoints('- {name: a, url: "http://h", metod: x}');
    assert.deepEqual(
      [file.kind, file.kind === 'unreadable' ? '' : file.warnings],
      ['endpoints', ['entry 1 (a): unknown key metod; did you mean method? (line 1)']],
    );
  });
});

describe('a file of endpoints is malformed', () => {
  const ok = 'name: a, url: "http://h"';
  const cases: readonly (readonly [what: string, source: string, problem: string | RegExp])[] = [
    ['when it is empty', '', 'the file is empty'],
    ['when it holds comments only', '# nothing\n', 'the file is empty'],
    ['when it holds nothing but null', '~', 'the file is empty'],
    ['with an empty list', '[]', 'the list of endpoints is empty'],
    ['with a map instead of a list', 'name: a\nurl: http://h\n', 'expected a list of endpoints, got a map'],
    ['with a text instead of a list', 'hello', 'expected a list of endpoints, got a text'],
    ['with two documents', `- {${ok}}\n---\n- {${ok}}`, /another one/],
    ['with no YAML', '- {name: a\n', /^expected valid YAML/],
    ['with an entry that is a text', '- hello', 'entry 1: expected a map with name and url, got a text'],
    ['with an entry of nothing', `- {${ok}}\n-`, 'entry 2: expected a map with name and url, got nothing'],
    ['without a name', '- {url: "http://h"}', 'entry 1: name is missing'],
    ['without a url', '- {name: login}', 'entry 1 (login): url is missing'],
    ['with a number as name', '- {name: 5, url: "http://h"}', /name is a number, expected a text; put it in quotes/],
    ['with a boolean as method', `- {${ok}, method: true}`, /method is a boolean, expected a text; put it in quotes/],
    ['with a number as body', `- {${ok}, body: 12}`, /body is a number, expected a text; put it in quotes/],
    ['with a map as body', `- {${ok}, body: {a: b}}`, /body is a map, expected a text \(/],
    ['with a body of nothing', `- {${ok}, body: }`, /body has no value/],
    ['with a method that is no token', `- {${ok}, method: "GET /x"}`, /method is "GET \/x"/],
    ['with another scheme', '- {name: a, url: "ftp://h"}', /url must begin with http:\/\/ or https:\/\//],
    ['with a relative url', '- {name: a, url: "/x"}', /url must begin with/],
    ['without a host', '- {name: a, url: "http://"}', /url has no valid host or port/],
    ['with a port out of range', '- {name: a, url: "http://h:99999"}', /url has no valid host or port/],
    ['with a blank in the url', '- {name: a, url: "http://h/a b"}', /url has a blank/],
    ['with a list of headers', `- {${ok}, headers: [a]}`, /headers is a list, expected a map/],
    ['with a header of nothing', `- {${ok}, headers: {x: }}`, /header x has no value/],
    ['with a header that is a list', `- {${ok}, headers: {x: [1]}}`, /header x is a list/],
    [
      'with a line break in a header',
      `- {${ok}, headers: {x: "a\\r\\nEvil: 1"}}`,
      /header x has a forbidden character in its value/,
    ],
    ['with a blank in a header name', `- {${ok}, headers: {"a b": c}}`, /header name "a b" has a forbidden character/],
    [
      'with a key twice',
      `- name: a\n  url: http://h\n  url: http://i\n`,
      /^entry 1 \(a\): url: expected each key once/,
    ],
    ['with an unknown alias', '- {name: a, url: *x}', /expected an anchor before its alias/],
    [
      'with too many headers',
      `- {${ok}, headers: {${Array.from({ length: 101 }, (_, i) => `h${i}: x`)}}}`,
      /more than 100/,
    ],
  ];
  for (const [what, source, problem] of cases) {
    it(what, () => {
      const found = problems(source);
      assert.ok(
        found.some((text) => (typeof problem === 'string' ? text === problem : problem.test(text))),
        JSON.stringify(found),
      );
    });
  }

  it('tells everything at once, in the order of the entries, and no values', () => {
    const source =
      '- 5\n-\n- {name: a, method: "ca nary"}\n- {name: b, url: "http://u:canary@h:x"}\n- {name: c, url: "http://h", headers: {x: "canary\\n"}}';
    const found = problems(source);
    assert.deepEqual(
      found.map((text) => text.split(':')[0]),
      ['entry 1', 'entry 2', 'entry 3 (a)', 'entry 3 (a)', 'entry 4 (b)', 'entry 5 (c)'],
    );
    assert.doesNotMatch(found.join('\n'), /canary/);
  });
});

describe('reading a file of endpoints', () => {
  it('tells a path that cannot be read from content that cannot be used', (t) => {
    const folder = privateFolder(t);
    const write = (name: string, content: string | Uint8Array) => {
      writeFileSync(join(folder, name), content);
      return readEndpointsFile(join(folder, name));
    };
    assert.deepEqual(readEndpointsFile(join(folder, 'none')), { kind: 'unreadable', why: 'no such file' });
    assert.deepEqual(readEndpointsFile(folder), { kind: 'unreadable', why: 'a directory' });
    const large = write('large', `- {name: a, url: "http://h"} #${'x'.repeat(1 << 20)}`);
    assert.deepEqual(large, { kind: 'malformed', problems: ['the file holds more than 1048576 bytes'], warnings: [] });
    assert.equal(write('bytes', Uint8Array.of(0xff, 0xfe)).kind, 'malformed');
    assert.equal(write('good', '\ufeff- {name: a, url: "http://h"}').kind, 'endpoints');
  });
});
