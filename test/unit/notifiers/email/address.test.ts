import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isMailbox } from '../../../../src/notifiers/email/address.js';

const good = [
  'me@here.com',
  'a@b',
  'root@localhost',
  'first.last+tag@mail.sub-domain.example',
  "o'neil!#$%&*/=?^_`{|}~-@example.com",
  `${'l'.repeat(64)}@example.com`,
  '1@2.3',
];

/** Forms that have carried mail to the wrong place, or commands into a session. */
const bad = [
  '',
  '@',
  'me',
  'me@',
  '@here.com',
  'me@@here.com',
  'me@here@there.com',
  '"x@gmail.com y"@internal.example',
  '"me"@here.com',
  'me(comment)@here.com',
  'me@here.com(comment)',
  'Me <me@here.com>',
  '<me@here.com>',
  'me@here.com,you@there.com',
  'me@here.com;you@there.com',
  'group:me@here.com;',
  'me@[127.0.0.1]',
  'me@[IPv6:::1]',
  '.me@here.com',
  'me.@here.com',
  'm..e@here.com',
  'me@.here.com',
  'me@here..com',
  'me@here.com.',
  'me@-here.com',
  'me@here-.com',
  'me@he_re.com',
  'me @here.com',
  'me@ here.com',
  'me@here.com\n',
  'me@here.com\r\nRCPT TO:<evil@there.com>',
  'me\0@here.com',
  'mé@here.com',
  'me@hére.com',
  'me\uff20here.com',
  'me\\@here.com',
  '%00@here.com\u0000',
  `${'l'.repeat(65)}@example.com`,
  `me@${'d'.repeat(64)}.com`,
  `me@${'d.'.repeat(130)}com`,
];

describe('a mailbox', () => {
  for (const address of good) test(`is ${address.slice(0, 60)}`, () => assert.equal(isMailbox(address), true));
  for (const address of bad) {
    test(`is not ${JSON.stringify(address.slice(0, 60))}`, () => assert.equal(isMailbox(address), false));
  }

  test('is never anything that could leave its header or command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 40 }), (local) => {
        const address = `${local}@here.com`;
        if (isMailbox(address)) assert.match(address, /^[!-~]+$/);
        if (/[\s<>"(),:;[\]\\]/.test(local)) assert.equal(isMailbox(address), false);
      }),
      { numRuns: 10_000 },
    );
  });

  test('is told from a megabyte of anything else by looking at each character once', () => {
    for (const part of ['a', '.', 'a.', '@', 'a@', '-', '"', '\0', '\u{1f600}']) {
      assert.equal(isMailbox(part.repeat(1e6)), false);
      assert.equal(isMailbox(`${part.repeat(1e6)}@here.com`), false);
    }
  });
});
