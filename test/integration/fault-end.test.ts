import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const faultyMain = fileURLToPath(new URL('../support/processes/faulty-main.js', import.meta.url));

describe('a main process with an error that nobody caught', () => {
  for (const from of ['timer', 'promise']) {
    it(`ends at once with 1, and its last lines say so (${from})`, () => {
      const { status, stderr } = spawnSync(process.execPath, [faultyMain, from], { encoding: 'utf8', timeout: 30_000 });
      const lines = stderr.trimEnd().split('\n');
      const events = lines.map((line) => JSON.parse(line));
      assert.deepEqual(
        [status, events.map(({ event, code, detail }) => [event, code, detail])],
        [
          1,
          [
            ['engine_failed', 'INTERNAL_ERROR', 'nobody expected this'],
            ['engine_stopped', 'INTERNAL_ERROR', 'nobody expected this'],
          ],
        ],
      );
      assert.match(events[0].stack, /faulty-main/);
    });
  }
});
