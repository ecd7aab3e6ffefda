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

const ids = [
  '-6GSd27mGn-ciqgoOEEyWQSDFN1Nw3XW',
  '--GSd27mGn-ciqgoOEEyWQSDFN1Nw3X-',
  '-json_abcdefghijklmnopqrstuvwxyz',
];

for (const id of ids) {
  test(`takes the notification id ${id} for a word and for a value, never for an option`, () => {
    const args = readArguments(withWords, ['--json', id, '--config', id, `--reason=${id}`, 'x', '--', id]);
    assert.deepEqual(args.positionals, [id, 'x', id]);
    assert.deepEqual([args.text('config'), args.text('reason'), args.has('json')], [id, id, true]);
    assert.throws(() => readArguments(command, [id]), new UsageError(`unexpected "${id}"`));
  });
}

test('takes 32 characters for an option where a letter or the words say that it is one', () => {
  const value = 'abcdefghijklmnopqrstuvwxyz0123';
  assert.equal(readArguments(command, [`-r${value}`]).text('reason'), value);
  const option = '--entirely-else-and-then-as-long';
  assert.equal(option.length, 32);
  assert.throws(() => readArguments(withWords, [option]), new UsageError(`unknown option ${option}`));
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
