import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, UsageError } from '../../../src/cli/command.js';
import { readArguments } from '../../../src/cli/command-line.js';

const command = {
  options: {
    config: { value: 'FILE', description: 'a file' },
    reason: { value: 'R', short: 'r', repeated: true, description: 'a reason' },
    json: { description: 'JSON' },
  },
  run: async () => 0,
} as const satisfies Command;
const withWords: Command = { ...command, positionals: 'ID…' };

test('reads options in every form, switches and words', () => {
  const args = readArguments(withWords, ['a', '--config=f', '-r', 'x', '--reason', 'y', '--json', '--', '--b']);
  assert.equal(args.text('config'), 'f');
  assert.deepEqual(args.texts('reason'), ['x', 'y']);
  assert.ok(args.has('json'));
  assert.ok(!args.has('other'));
  assert.deepEqual(args.positionals, ['a', '--b']);
});

test('the last of an option given twice counts', () => {
  assert.equal(readArguments(command, ['--config', 'a', '--config', 'b']).text('config'), 'b');
});

/** Words and what is said about them. */
const wrong: readonly (readonly [readonly string[], string])[] = [
  [['--jsn'], 'unknown option --jsn; did you mean --json?'],
  [['--entirely-else'], 'unknown option --entirely-else'],
  [['-x'], 'unknown option -x'],
  [['--__proto__'], 'unknown option --__proto__'],
  [['--config'], '--config needs a value: FILE'],
  [['--config', '--json'], '--config needs a value: FILE'],
  [['--config='], '--config needs a value: FILE'],
  [['--json=yes'], '--json takes no value'],
  [['word'], 'unexpected "word"'],
];

for (const [words, message] of wrong) {
  test(`refuses ${words.join(' ')}`, () => {
    assert.throws(
      () => readArguments(command, words),
      (error) => error instanceof UsageError && error.message === message,
    );
  });
}
