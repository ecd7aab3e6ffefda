import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type HttpTarget,
  isIdempotent,
  redirected,
  targetOf,
} from '../../../../src/producers/endpoint-monitor/http-target.js';
import { type EndpointGiven, endpointOf } from '../../../support/endpoints.js';

const target = (given: EndpointGiven): HttpTarget => targetOf(endpointOf(given));

/** `redirected` where it leads somewhere. */
function followed(given: EndpointGiven, status: number, location: string): HttpTarget {
  const next = redirected(target(given), status, location);
  assert.ok(next !== undefined && next !== 'bad');
  return next;
}

describe('the request of an endpoint', () => {
  it('holds the headers of the file in their order, and what HTTP itself needs', () => {
    const headers = { 'X-B': '1', 'x-a': '2', 'X-a': '3' };
    assert.deepEqual(target({ url: 'http://h:81/', headers }).headers, [
      'Host',
      'h:81',
      'X-B',
      '1',
      'x-a',
      '2',
      'X-a',
      '3',
    ]);
    assert.deepEqual(target({ body: 'ü' }).headers.slice(2), ['Content-Length', '2']);
    assert.deepEqual(target({ method: 'POST' }).headers.slice(2), ['Content-Length', '0']);
    assert.deepEqual(target({ headers: { host: 'v.example' } }).headers, ['host', 'v.example']);
  });

  it('logs in as the URL says, unless a header does', () => {
    assert.deepEqual(target({ url: 'http://u:p@h' }).headers.slice(2), ['Authorization', 'Basic dTpw']);
    assert.deepEqual(target({ url: 'http://u:p@h', headers: { authorization: 'x' } }).headers.slice(2), [
      'authorization',
      'x',
    ]);
  });

  it('may be sent twice when its method says so', () => {
    const twice = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'POST', 'PATCH', 'CONNECT', 'FOO'];
    assert.equal(twice.filter((method) => isIdempotent(target({ method }))).length, 6);
  });
});

describe('a redirect', () => {
  const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', 'x-a': '1' } };

  for (const [status, method, becomes] of [
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'PATCH', 'PATCH'],
    [302, 'GET', 'GET'],
  ] as const) {
    it(`${status} after ${method} goes on as ${becomes}`, () => {
      const next = followed({ ...post, method }, status, '/next?q=1');
      assert.deepEqual([next.method, next.url.href], [becomes, 'http://fetch.com/next?q=1']);
      const keepsBody = becomes === method && method !== 'HEAD' && status !== 303;
      assert.equal(next.body?.toString(), keepsBody || becomes === 'HEAD' ? '{}' : undefined);
    });
  }

  it('to GET leaves body and its headers behind, and keeps the others', () => {
    assert.deepEqual(followed(post, 302, '/x').headers, ['Host', 'fetch.com', 'x-a', '1']);
    assert.deepEqual(followed(post, 307, '/x').headers.slice(2), [
      ...['content-type', 'application/json', 'x-a', '1', 'Content-Length', '2'],
    ]);
  });

  const secret = { url: 'https://u:p@h/', headers: { cookie: 'c', 'x-a': '1' } };
  for (const [location, keeps] of [
    ['/x', true],
    ['https://h:443/x', true],
    ['https://H/x', true],
    ['//other/x', false],
    ['http://h/x', false],
    ['https://h:8443/x', false],
  ] as const) {
    it(`to ${location} ${keeps ? 'keeps' : 'drops'} cookies and logins`, () => {
      const names = followed(secret, 302, location).headers.filter((_, index) => index % 2 === 0);
      assert.deepEqual(names, ['Host', ...(keeps ? ['cookie', 'x-a', 'Authorization'] : ['x-a'])]);
    });
  }

  it('from http to https on the usual ports stays with its host, with a Host of its own too', () => {
    const headers = { host: 'v.example', cookie: 'c' };
    assert.deepEqual(followed({ url: 'http://h/', headers }, 301, 'https://h/').headers, [
      'host',
      'v.example',
      'cookie',
      'c',
    ]);
    assert.deepEqual(followed({ url: 'http://h/', headers }, 301, 'https://v.example/').headers, ['Host', 'v.example']);
  });

  it('ignores a login in the new address, and reads its bytes as UTF-8', () => {
    const next = followed({}, 302, Buffer.from('http://u:p@i/ü').toString('latin1'));
    assert.equal(next.url.href, 'http://i/%C3%BC');
  });

  it('that leads nowhere is none, and one that nobody can follow is bad', () => {
    assert.equal(redirected(target({}), 300, '/x'), undefined);
    assert.equal(redirected(target({}), 304, '/x'), undefined);
    for (const location of ['ftp://h/', 'http://h:99999/', 'javascript:alert(1)', 'http://']) {
      assert.equal(redirected(target({}), 302, location), 'bad', location);
    }
  });
});
