import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandTable } from '../../../src/cli/command-table.js';
import { runProgram } from '../../../src/cli/program.js';

async function run(...words: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), environment: {} };
  const code = await runProgram(words, commandTable, io);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const longestLine = 140;

describe('the program', () => {
  it('lists every command, and each in one line', async () => {
    const { code, out } = await run('--help');
    assert.equal(code, 0);
    for (const { name, summary } of commandTable) {
      assert.ok(out.includes(`  ${name}`) && out.includes(summary), name);
    }
    for (const line of out.split('\n')) assert.ok(line.length <= longestLine, line);
  });

  it('prints its version', async () => {
    const { code, out } = await run('--version');
    assert.equal(code, 0);
    assert.match(out, /^mon-notification \d+\.\d+\.\d+ \(node v\d+/);
  });

  it('ends with 2 and the usage when no command is given', async () => {
    const { code, out, err } = await run();
    assert.deepEqual([code, out, err.startsWith('usage: mon-notification <command>')], [2, '', true]);
  });

  it('names the nearest command, and the commands of a family', async () => {
    assert.match((await run('send-alram')).err, /unknown command "send-alram"; did you mean send-alarm\?/);
    assert.match((await run('offsets')).err, /there is offsets show, offsets set/);
  });
});

for (const { name, summary } of commandTable) {
  describe(name, () => {
    const words = name.split(' ');

    it('explains itself, with all of its options', async () => {
      const { code, out, err } = await run(...words, '--help');
      assert.deepEqual([code, err], [0, '']);
      assert.ok(out.startsWith(`usage: mon-notification ${name} `), out);
      assert.ok(out.includes(summary));
      const entry = commandTable.find((candidate) => candidate.name === name);
      const options = Object.keys((await entry?.load())?.options ?? {});
      for (const option of options) assert.ok(out.includes(`--${option}`), option);
      assert.equal(/, 78 wrong configuration\.$/.test(out), name !== 'fake-alerts-server');
      for (const line of out.split('\n')) assert.ok(line.length <= longestLine, line);
      assert.deepEqual(await run(...words, '-h'), { code, out, err });
    });

    it('ends with 2 at an option that it does not have, before it does anything', async () => {
      const { code, out, err } = await run(...words, '--no-such-option');
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^mon-notification: unknown option --no-such-option.*\n/);
      assert.ok(err.endsWith(`\nTry: mon-notification ${name} --help`), err);
    });

    it('ends with 2 at an option without its value', async () => {
      const { code, err } = await run(...words, '--config');
      assert.equal(code, 2);
      assert.match(err, /--config needs a value|unknown option --config/);
    });
  });
}
