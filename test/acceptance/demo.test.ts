import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isAlive } from '../support/process-state.js';
import { processesOf } from '../support/process-tree.js';
import { randomName } from '../support/random-name.js';
import { repoRoot } from '../support/repo.js';
import { skipWithoutServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const privateServices = { KAFKA_URL: '', ZOOKEEPER_URL: '', MYSQL_URL: '' };

/** The demo as a child without a terminal, with all processes that it starts, however far they move away. */
class DemoRun {
  readonly #child: ChildProcess;
  readonly #marker = randomName('demo_run');
  readonly #ended: Promise<unknown[]>;
  output = '';

  constructor(t: TestContext, args: readonly string[], environment: NodeJS.ProcessEnv) {
    // After a failure the demo keeps its logs.
    const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
    this.#child = spawn(process.execPath, [join(repoRoot(), 'deploy/dev/demo.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment, TMPDIR: folder, MARKER_OF_THE_TEST: this.#marker },
    });
    this.#ended = once(this.#child, 'exit');
    const collect = (chunk: Buffer) => {
      this.output += chunk;
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    t.after(async () => {
      this.#child.kill('SIGTERM');
      await this.#ended;
      rmSync(folder, { recursive: true, force: true });
    });
  }

  async says(words: string): Promise<void> {
    const isOver = () => this.#child.exitCode !== null;
    await waitFor(() => this.output.includes(words) || isOver(), words, { timeoutMs: 120_000 });
    assert.ok(this.output.includes(words), this.output);
  }

  processes(): readonly number[] {
    return processesOf(this.#marker);
  }

  async exitCode(): Promise<unknown> {
    const [code] = await this.#ended;
    return code;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The cells of the rows of the closing table whose alarm is `label`, but for the milliseconds, which are checked to be a number. */
  rows(label: string): readonly string[] {
    const table = this.output.slice(this.output.indexOf('What became of every alarm'));
    const lines = table.split('\n').filter((line) => line.trimStart().startsWith(label));
    return lines.map((line) =>
      line
        .trim()
        .split(/ {2,}/)
        .map((cell, index) => (index === 3 && /^[0-9]+$/.test(cell) ? 'ms' : cell))
        .join(' | '),
    );
  }
}

function assertTable(demo: DemoRun): void {
  assert.deepEqual(demo.rows('High CPU: ALARM').toSorted(), [
    'High CPU: ALARM | email, On-call mail | sent | ms | 0 | 1',
    'High CPU: ALARM | slack, Operations channel | sent | ms | 0 | 1',
    'High CPU: ALARM | webhook, Ticket system | sent | ms | 0 | 1',
  ]);
  assert.match(demo.rows('Disk full').join(), /webhook, Slow pager \| sent \| ms \| 1 \| [23]$/);
  assert.match(demo.rows('High CPU: OK').join(), /email, On-call mail \| sent \| ms \| 2 \| 3$/);
  assert.match(demo.rows('Login slow').join(), /webhook, Busy receiver \| sent \(attempt 2\) \| ms \| 3 \| 4$/);
  assert.match(demo.rows('Backup late').join(), /webhook, Removed receiver \| dead \(refused\) \| ms \| 4 \| 5$/);
  assert.deepEqual(demo.rows('(half a message)'), ['(half a message) | – | malformed | – | 5 | 6']);
  const ofShop = (change: string) => [
    `Web shop: ${change} | email, On-call mail | sent | ms |`,
    `Web shop: ${change} | webhook, Ticket system | sent | ms |`,
  ];
  assert.deepEqual(demo.rows('4 alarms'), ['4 alarms in one digest | webhook, Digest | sent | ms | – | –']);
  const withoutOffsets = demo.rows('Web shop').map((row) => row.replace(/ \d+ \| \d+$/, ''));
  assert.deepEqual(withoutOffsets.toSorted(), [...ofShop('ALARM'), ...ofShop('OK')]);
}

/** The endpoint's alarm is told, its end as well, and the history of the first names the producer's message and both outcomes. */
function assertEndpoint({ output }: DemoRun): void {
  const act = output.slice(output.indexOf('An endpoint is switched off'), output.indexOf('What became of every alarm'));
  assert.match(act, /switched off\. Noticed after \d+\.\d s: OK → CRITICAL, \S/);
  assert.match(act, /Subject: ALARM CRITICAL "Web shop"/);
  assert.match(act, /switched on again\. Noticed after \d+\.\d s: CRITICAL → OK, recovered: 200 after/);
  assert.match(act, /Subject: OK: Web shop/);
  const digest = act.slice(act.indexOf('mon-notification digest send'), act.indexOf('switched on again'));
  assert.match(digest, /digest: 4 active alarms/);
  const inDigest = [...digest.matchAll(/(?:CRITICAL|WARNING) +(\S.*?) {2}since /g)].map(([, name]) => name);
  assert.deepEqual(inDigest, ['Disk full', 'Login slow', 'Backup late', 'Web shop']);
  const history = act.slice(act.search(/mon-notification history --id [0-9a-f]{32}\n/));
  assert.match(history, /Z {2}alarm .*OK -> ALARM/s);
  assert.match(history, /Z {2}sent .*email "On-call mail"/s);
  assert.match(history, /Z {2}sent .*webhook "Ticket system"/s);
  assert.match(history, /3 events since/);
}

describe('npm run demo', { skip: skipWithoutServices() }, () => {
  it('shows alarms arriving, says what became of each, and ends without a terminal, leaving no process', async (t) => {
    const demo = new DemoRun(t, [], {});
    await demo.says('An alarm becomes a mail');
    const started = demo.processes();
    assert.ok(started.length >= 9, `the demo and an engine of several processes, found ${started.length}`);
    assert.equal(await demo.exitCode(), 0, demo.output);
    assert.match(demo.output, /Subject: ALARM HIGH "High CPU" for Host: web-17/);
    assert.match(demo.output, /POST http:\/\/127\.0\.0\.1:\d+\/tickets .*200/);
    assert.match(demo.output, /webhook-id: \S+/);
    assert.match(demo.output, /POST http:\/\/127\.0\.0\.1:\d+\/services\/T1\/B1\/x .*200 ok/);
    assert.match(demo.output, /status page +http:\/\/127\.0\.0\.1:\d+\/status\n/);
    assertTable(demo);
    assertEndpoint(demo);
    assert.doesNotMatch(demo.output, /[^\P{Cc}\n]/u, 'colours without a terminal');
    assert.deepEqual([...demo.processes(), ...started.filter(isAlive)], []);
  });

  it('with two engines shows that the other goes on when the active one is killed, and that nothing is lost', async (t) => {
    const demo = new DemoRun(t, ['--engines', '2'], privateServices);
    await demo.says('The active engine is killed');
    const started = demo.processes();
    assert.equal(await demo.exitCode(), 0, demo.output);
    assert.match(demo.output, /engine-[12] is killed with SIGKILL, all 11 processes at once/);
    assert.match(demo.output, /engine-[12] is active \d+\.\d s after the kill/);
    assert.match(demo.output, /(\d+) alarms sent, \1 arrived, 0 lost\./);
    assertTable(demo);
    assertEndpoint(demo);
    assert.deepEqual([...demo.processes(), ...started.filter(isAlive)], []);
  });

  it('says what failed, where, and what to check, and stops everything', async (t) => {
    const demo = new DemoRun(t, [], { MYSQL_URL: 'mysql://nobody:wrong@127.0.0.1:1/mon' });
    assert.equal(await demo.exitCode(), 1, demo.output);
    assert.match(demo.output, /The demo failed\. loading the schema .*\n +where: MySQL at 127\.0\.0\.1:1\n +check: /);
    assert.doesNotMatch(demo.output, /could not stop or remove/);
    assert.deepEqual(demo.processes(), []);
  });

  it('stops everything when it is interrupted', async (t) => {
    const demo = new DemoRun(t, [], {});
    await demo.says('An alarm becomes a mail');
    const started = demo.processes();
    demo.signal('SIGINT');
    assert.equal(await demo.exitCode(), 130);
    assert.deepEqual([...demo.processes(), ...started.filter(isAlive)], []);
  });

  it('refuses a command line that it does not know with its usage and 2', async (t) => {
    const demo = new DemoRun(t, ['--engines', '3'], {});
    assert.equal(await demo.exitCode(), 2);
    assert.match(demo.output, /--engines: expected 1 or 2, got 3\nusage: npm run demo/);
  });
});
