import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, minimal } from '../../support/config-file.js';

const topicForm = 'a topic name (at most 249 letters, digits, dots, dashes, underscores)';

/** What stands under the key `kafka` of the minimal file, whose first line is `kafka: {url: k1}`, and all that is said about it. */
const wrongItems: readonly (readonly [string, readonly string[]])[] = [
  ['periodic: {x: a}', ['1:29 kafka.periodic.x: expected repeat seconds, at least 1, got "x"']],
  ['periodic: {0.5: a}', ['1:29 kafka.periodic.0.5: expected repeat seconds, at least 1, got "0.5"']],
  ['periodic: {60: "a b"}', [`1:33 kafka.periodic.60: expected ${topicForm}, got "a b"`]],
  ['periodic: {60: [a]}', [`1:33 kafka.periodic.60: expected ${topicForm}, got a list`]],
  ['periodic: {60: a, 60.0: b}', ['1:36 kafka.periodic.60.0: expected each repeat time once, got "60.0" again']],
  [
    'periodic: {60: a, x: "b c"}',
    [
      '1:36 kafka.periodic.x: expected repeat seconds, at least 1, got "x"',
      `1:39 kafka.periodic.x: expected ${topicForm}, got "b c"`,
    ],
  ],
  ['periodic: [a]', ['1:28 kafka.periodic: expected a section of repeat seconds and topic names, got a list']],
  [
    'sasl: {mechanism: plain, username: u, password: p, password_file: f}',
    ['1:84 kafka.sasl.password_file: expected one of kafka.sasl.password and kafka.sasl.password_file, got both'],
  ],
];

for (const [text, expected] of wrongItems) {
  test(`reports each wrong part of ${text}, and nothing else`, (t) => {
    const { problems } = load(t, minimal.replace('url: k1', `url: k1, ${text}`), { files: { f: 'x' } });
    assert.deepEqual(
      problems,
      expected.map((problem) => `n.yaml:${problem}`),
    );
  });
}

test('reports the one broker of a list that is none', (t) => {
  const { problems } = load(t, minimal.replace('url: k1', 'url: [k1, "k2:x", "k3:9092"]'));
  assert.deepEqual(problems, ['n.yaml:1:19 kafka.url: expected host:port, got "k2:x"']);
  const none = load(t, minimal.replace('url: k1', 'url: []'));
  assert.deepEqual(none.problems, [
    'n.yaml:1:14 kafka.url: expected host:port, or several separated by commas, got an empty list',
  ]);
});
