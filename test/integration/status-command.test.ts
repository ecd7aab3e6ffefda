import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { startAdmin } from '../../src/admin/server.js';
import type { StatusDocument } from '../../src/admin/status-document.js';
import type { CommandIo } from '../../src/cli/command.js';
import { readArguments } from '../../src/cli/command-line.js';
import { command } from '../../src/cli/status.js';
import { runCommand } from '../support/command-run.js';
import { fixedView, sampleStatus } from '../support/engine-views.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';

async function engineWith(t: TestContext, status: StatusDocument): Promise<string> {
  const view = fixedView(status);
  const admin = await startAdmin({ host: '127.0.0.1', port: 0, view, telemetry: new RecordingTelemetry() });
  t.after(() => admin.close());
  return `http://127.0.0.1:${admin.port}`;
}

function run(...words: string[]): { code: Promise<number>; out: string[] } {
  const out: string[] = [];
  const io: CommandIo = { out: (line) => out.push(line), err: () => undefined, environment: {} };
  return { code: command.run(readArguments(command, words), io), out };
}

describe('status', () => {
  it('ends with 0 when the engine is ready', async (t) => {
    const { code, out } = run('--url', `${await engineWith(t, sampleStatus())}/`);
    assert.equal(await code, 0);
    assert.equal(out[0], 'active, ready, lease 8.1 s');
  });

  it('ends with 1 when it is not, and says why', async (t) => {
    const { code, out } = run('--url', await engineWith(t, sampleStatus({ reasons: ['kafka is away'] })));
    assert.equal(await code, 1);
    assert.ok(out.includes('  reason: kafka is away'));
  });

  it('prints the document as one line of JSON when asked to', async (t) => {
    const { code, out } = run('--json', '--url', await engineWith(t, sampleStatus()));
    assert.equal(await code, 0);
    assert.deepEqual(
      out.map((line) => JSON.parse(line)),
      [sampleStatus()],
    );
  });

  it('says what was asked, where, and what to check when nobody answers', async (t) => {
    const url = await engineWith(t, sampleStatus());
    await assert.rejects(
      run('--url', 'http://127.0.0.1:1').code,
      /asked http:\/\/127\.0\.0\.1:1\/status\.json .*admin\.port/,
    );
    await assert.rejects(run('--url', `${url}/elsewhere`).code, /not as an engine does/);
  });

  it('prints one JSON document when asked to although nobody answers', async () => {
    const { code, out, err } = await runCommand('status', '--json', '--url', 'http://127.0.0.1:1');
    const { error } = JSON.parse(out);
    assert.deepEqual([code, error.code, err.includes(error.message)], [1, 'STORE_UNAVAILABLE', true]);
    assert.match(error.message, /asked http:\/\/127\.0\.0\.1:1\/status\.json/);
  });
});
