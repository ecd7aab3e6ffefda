import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { startAdmin } from '../../src/admin/server.js';
import { fixedView, sampleStatus } from '../support/engine-views.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';

const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';

it('a browser shows the status page, styled by its own style and running nothing', async (t) => {
  if (!existsSync(browser) && process.env.REQUIRE_CHROMIUM !== '1') {
    t.skip(`no browser at ${browser}: apt-get install chromium, or set CHROMIUM`);
    return;
  }
  const status = sampleStatus({ reasons: ['<script>document.body.textContent = "run"</script>'] });
  const admin = await startAdmin({
    host: '127.0.0.1',
    port: 0,
    view: fixedView(status),
    telemetry: new RecordingTelemetry(),
  });
  const profile = mkdtempSync(join(tmpdir(), 'status-page-'));
  t.after(async () => {
    await admin.close();
    rmSync(profile, { recursive: true, force: true });
  });
  const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const offline = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const { stdout, stderr } = await promisify(execFile)(
    browser,
    [
      ...quiet,
      ...offline,
      '--enable-logging=stderr',
      `--user-data-dir=${profile}`,
      '--dump-dom',
      `http://127.0.0.1:${admin.port}/status`,
    ],
    { timeout: 30_000, maxBuffer: 4 << 20 },
  );
  assert.match(stdout, /<span class="role bad">active<\/span>/);
  assert.match(stdout, /alarm-state-transitions\/0/);
  assert.match(stdout, /&lt;script&gt;/);
  assert.doesNotMatch(stderr, /Content Security Policy|Refused to/);
});
