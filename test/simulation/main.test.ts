import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const main = new URL('./main.js', import.meta.url).pathname;

function simulate(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

test('npm run simulate ends by itself, also when there is less to do than there are cores', () => {
  const { status, stdout } = simulate('--runs', '1');
  assert.match(stdout, /^1 schedules from 1: 0 failed$/m);
  assert.equal(status, 0);
});

test('npm run simulate ends with 2 and its usage when it cannot be meant', () => {
  const { status, stdout, stderr } = simulate('--runs', 'x');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^--runs: expected a whole number from 1 on, got "x"\n\nusage: npm run simulate/);
});
