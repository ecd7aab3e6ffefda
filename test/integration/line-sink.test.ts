import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../support/wait-for.js';

const writer = fileURLToPath(new URL('../support/processes/line-writer.js', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly text: { out: string; err: string };
}

function start(t: TestContext, count: number, size: number, stderr: 'pipe' | number = 'pipe'): Running {
  const child = spawn(process.execPath, [writer, String(count), String(size)], { stdio: ['pipe', 'pipe', stderr] });
  const text = { out: '', err: '' };
  child.stdout?.on('data', (data) => {
    text.out += data;
  });
  t.after(() => child.kill('SIGKILL'));
  return { child, text };
}

function collectErrors({ child, text }: Running): void {
  child.stderr?.on('data', (data) => {
    text.err += data;
  });
}

async function end({ child }: Running): Promise<number | null> {
  const exited = once(child, 'exit');
  child.stdin?.end();
  const [code] = await exited;
  return code;
}

function linesIn(text: string): readonly { pid: number; i: number }[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe('lines on a shared pipe', () => {
  it('arrive whole and in order although two processes write at the same time', async (t) => {
    const carrier = spawn('sh', ['-c', '"$0" "$1" 3000 200 & "$0" "$1" 3000 200 & wait', process.execPath, writer], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    t.after(() => carrier.kill('SIGKILL'));
    let text = '';
    carrier.stderr?.on('data', (data) => {
      text += data;
    });
    await once(carrier, 'close');
    const lines = linesIn(text);
    assert.equal(lines.length, 6000);
    for (const pid of new Set(lines.map((line) => line.pid))) {
      const own = lines.filter((line) => line.pid === pid).map((line) => line.i);
      assert.deepEqual(
        own,
        [...own].sort((a, b) => a - b),
      );
    }
  });
});

describe('a process whose stderr nobody reads', () => {
  it('goes on, drops what does not fit, counts it, and can exit (L2)', async (t) => {
    const running = start(t, 20_000, 200);
    await waitFor(() => running.text.out.includes('written'), 'the writer to be through');
    const dropped = Number(running.text.out.split(' ')[1]);
    assert.ok(dropped > 10_000 && dropped < 20_000, `dropped ${dropped}`);
    assert.equal(await end(running), 0);
  });

  it('can exit when the reader is gone (L2)', async (t) => {
    const running = start(t, 1000, 200);
    running.child.stderr?.destroy();
    await waitFor(() => running.text.out.includes('written'), 'the writer to be through');
    assert.equal(await end(running), 0);
  });
});

describe('a process whose log finds no room on the disk', () => {
  it('goes on, counts what is lost, and writes again when there is room (L1)', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lines-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'log');
    // No file may grow beyond 16 blocks, and the signal that says so is ignored: what remains is a write that fails.
    const shell = 'trap "" XFSZ; ulimit -f 16; file=$1; shift; exec "$@" 2>>"$file"';
    const child = spawn('sh', ['-c', shell, 'sh', file, process.execPath, writer, '2000', '200'], { stdio: 'pipe' });
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    const lostCount = () => [...said.matchAll(/^dropped (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    const poke = () => child.stdin.write('more\n');
    const isFull = () => poke() && lostCount() > 1_000;
    await waitFor(isFull, 'most lines to be lost');
    const fullBytes = statSync(file).size;
    const hasRoom = () => {
      if (readFileSync(file, 'utf8').includes('"i":2000')) return true;
      // What still waited of the first lines may have filled it again.
      truncateSync(file);
      poke();
      return false;
    };
    await waitFor(hasRoom, 'lines again');
    assert.ok(fullBytes > 0 && fullBytes <= 16 * 1024, `${fullBytes} bytes`);
    assert.equal(child.exitCode, null);
    child.stdin.end();
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
});

describe('the last lines of a process', () => {
  it('are written to a pipe before it ends', async (t) => {
    const running = start(t, 2000, 200);
    collectErrors(running);
    const closed = once(running.child, 'close');
    await end(running);
    await closed;
    assert.equal(linesIn(running.text.err).length, 2000);
  });

  it('are written to a pipe once, although the process ends in the same breath', async () => {
    const child = spawn(process.execPath, [writer, '3', '20', 'at-once'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (data) => {
      text += data;
    });
    await once(child, 'close');
    assert.deepEqual(
      linesIn(text).map((line) => line.i),
      [0, 1, 2],
    );
  });

  it('are written to a file before it ends, each once', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lines-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'log');
    const running = start(t, 2000, 200, openSync(file, 'a'));
    await end(running);
    const numbers = linesIn(readFileSync(file, 'utf8')).map((line) => line.i);
    // What was under way to the file may come behind the last lines.
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      [...numbers.keys()],
    );
    assert.equal(numbers.length, 2000);
  });
});
