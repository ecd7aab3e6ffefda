import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repoRoot } from '../support/repo.js';

const folder = join(repoRoot(), 'deploy/systemd');
const files = readdirSync(folder).filter((file) => file.endsWith('.service'));
const highestExposure = 1.5;

function analyze(...words: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8', timeout: 30_000 });
  return { status, output: `${stdout}${stderr}` };
}

// Before 250 it cannot judge a file, only a unit that is loaded.
const version = Number(/^systemd (\d+)/m.exec(analyze('--version').output)?.[1] ?? 0);

describe('the units of systemd', { skip: version < 250 && 'needs systemd-analyze 250' }, () => {
  for (const file of files) {
    it(`${file} has settings that systemd knows`, (test) => {
      // It looks for the program, which is not installed here.
      const installed = mkdtempSync(join(tmpdir(), 'units-'));
      test.after(() => rmSync(installed, { recursive: true }));
      const copy = join(installed, file);
      const text = readFileSync(join(folder, file), 'utf8');
      writeFileSync(copy, text.replaceAll('/usr/bin/mon-notification', process.execPath));
      assert.deepEqual(analyze('verify', '--man=no', copy), { status: 0, output: '' });
    });

    it(`${file} is exposed to at most ${highestExposure}, as systemd rates it`, () => {
      const { output } = analyze('security', '--offline=true', '--no-pager', join(folder, file));
      const rated = /Overall exposure level for \S+: ([0-9.]+)/.exec(output)?.[1];
      assert.ok(rated !== undefined && Number(rated) <= highestExposure, output);
    });
  }
});
