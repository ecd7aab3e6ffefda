import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { certificate, certificateFile } from '../support/certificates.js';
import { CommandRun, type Ended } from '../support/command-run.js';
import { EndpointSite } from '../support/endpoint-site.js';
import { freePort } from '../support/free-port.js';
import { HttpReceiver } from '../support/http-receiver.js';
import { repoRoot } from '../support/repo.js';
import { waitFor } from '../support/wait-for.js';

const program = join(repoRoot(), 'dist', 'cli', 'main.js');

function monitor(...words: readonly string[]): CommandRun {
  return new CommandRun(['monitor-endpoints', ...words]);
}

function ended(...words: readonly string[]): Promise<Ended> {
  return endOf(monitor(...words));
}

/** What a run said in the end; that the machine was busy, of which it writes a line, says nothing about it. */
async function endOf(run: CommandRun): Promise<Ended> {
  const result = await run.ended;
  return { ...result, err: withoutLate(result.err) };
}

function withoutLate(text: string): string {
  return text.replace(/^.*endpoint_loop_late.*\n/gm, '');
}

describe('monitor-endpoints', () => {
  it('finds the official sample 50 % available, body sent as it is', async (test) => {
    const site = await EndpointSite.open(test);
    const file = site.file(`- body: '{"foo":"bar"}'
  headers:
    content-type: application/json
  method: POST
  name: sample body up
  url: ${site.url('/body')}
- name: sample index up
  url: ${site.url('/')}
- body: "{}"
  headers:
    content-type: application/json
  method: POST
  name: sample body down
  url: ${site.url('/body')}
- name: sample error down
  url: ${site.url('/error')}
`);
    const { code, out, err } = await ended(file, '-r', '1', '--threshold', '10000');
    assert.deepEqual([code, err], [0, '']);
    assert.equal(out, '127.0.0.1 has 50% availability percentage\n---\nRun complete!\n');
    assert.equal(site.receiver.requests.filter(({ body }) => body === '{"foo":"bar"}').length, 1);
  });

  it('runs under the name of the original task, options behind the file', async (test) => {
    const site = await EndpointSite.open(test);
    symlinkSync(program, site.path('monitor_endpoints'));
    const words = [site.file(`- {name: a, url: "${site.url('/')}"}`), '--run-duration=1', '-f1'];
    const run = new CommandRun(words, { program: site.path('monitor_endpoints') });
    assert.deepEqual(await endOf(run), {
      code: 0,
      out: '127.0.0.1 has 100% availability percentage\n---\nRun complete!\n',
      err: '',
    });
  });

  it('rounds, follows no redirects and shows each endpoint when asked to', async (test) => {
    const site = await EndpointSite.open(test);
    const paths = ['/', '/x', '/moved'];
    const file = site.file(paths.map((path) => `- {name: "at ${path}", url: "${site.url(path)}"}`).join('\n'));
    const words = [
      '-r',
      '1',
      '--threshold',
      '10000',
      '--percent',
      'round',
      '--no-follow',
      '--details',
      '--fresh-connections',
    ];
    const { out } = await ended(file, ...words);
    assert.deepEqual(out.split('\n'), [
      '127.0.0.1 has 67% availability percentage',
      'at /: 100.00% up, 0.00% degraded, 0.00% down',
      'at /x: 100.00% up, 0.00% degraded, 0.00% down',
      'at /moved: 0.00% up, 0.00% degraded, 100.00% down',
      ...['---', 'Run complete!', ''],
    ]);
    assert.equal(
      (await ended(file, '-r', '1', '--threshold', '10000')).out.split('\n')[0],
      '127.0.0.1 has 100% availability percentage',
    );
  });

  it('counts a slow answer as not available', async (test) => {
    const site = await EndpointSite.open(test);
    const file = site.file(`- {name: a, url: "${site.url('/slow')}"}`);
    assert.match((await ended(file, '-r', '1')).out, /^127\.0\.0\.1 has 0%/);
    assert.match((await ended(file, '-r', '1', '--threshold', '10000')).out, /^127\.0\.0\.1 has 100%/);
  });

  it('trusts whom Node is told to trust, and nobody else', async (test) => {
    const secure = await HttpReceiver.start(certificate('good'));
    test.after(() => secure.close());
    const site = await EndpointSite.open(test);
    const file = site.file(`- {name: a, url: "${secure.url('/', 'localhost')}"}`);
    const words = [program, 'monitor-endpoints', file, '--threshold', '10000', '-r', '1'];
    const trusting = { ...process.env, NODE_EXTRA_CA_CERTS: certificateFile('ca') };
    const { stdout } = await promisify(execFile)(process.execPath, words, { env: trusting, timeout: 30_000 });
    assert.match(stdout, /^localhost has 100% availability percentage\n/);
    assert.match((await ended(file, '-r', '1')).out, /^localhost has 0%/);
  });

  for (const [signal, by] of [
    ['SIGINT', 'user'],
    ['SIGTERM', 'SIGTERM'],
  ] as const) {
    it(`reports what had ended when ${signal} comes in the middle of a cycle`, async (test) => {
      const site = await EndpointSite.open(test);
      const file = site.file(
        `- {name: a, url: "${site.url('/')}"}\n- {name: b, url: "${site.url('/hang')}"}\n` +
          `- {name: c, url: "${site.url('/hang').replace('127.0.0.1', 'localhost')}"}\n`,
      );
      const run = monitor(file);
      await waitFor(() => site.receiver.requests.length === 3, 'all requests');
      run.signal(signal);
      const { code, out, err } = await endOf(run);
      assert.deepEqual([code, err], [0, '']);
      assert.equal(out, `127.0.0.1 has 100% availability percentage\n---\nMonitoring stopped by ${by}.\n`);
    });
  }

  it('ends quietly when nobody reads any more', async (test) => {
    const site = await EndpointSite.open(test);
    const file = site.file(`- {name: a, url: "${site.url('/')}"}`);
    const pipe = `"${process.execPath}" "${program}" monitor-endpoints "${file}" -f 1 | head -1`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', pipe], { timeout: 30_000 });
    assert.deepEqual([stdout, withoutLate(stderr)], ['127.0.0.1 has 100% availability percentage\n', '']);
  });

  it('draws its progress on a terminal, and erases it before a block', async (test) => {
    const site = await EndpointSite.open(test);
    const file = site.file(`- {name: a, url: "${site.url('/slow')}"}`);
    const onTerminal = async (more: string, term = 'xterm') => {
      const call = `"${process.execPath}" "${program}" monitor-endpoints "${file}" -f 2 -r 1 ${more}`;
      const environment = { ...process.env, TERM: term };
      const { stdout } = await promisify(execFile)('script', ['-qec', call, '/dev/null'], {
        env: environment,
        timeout: 30_000,
      });
      return withoutLate(stdout.replaceAll('\r\n', '\n'));
    };
    const drawn = await onTerminal('');
    const erased = '\r\u001b[K';
    assert.ok(
      drawn.includes(`${erased}cycle 1: 0 of 1 checked, 0 degraded, 0 down; next in 2 s`),
      JSON.stringify(drawn),
    );
    assert.ok(drawn.includes(`${erased}127.0.0.1 has 0% availability percentage\n---\n`), JSON.stringify(drawn));
    assert.ok(drawn.endsWith('Run complete!\n'), JSON.stringify(drawn));
    const plain = '127.0.0.1 has 0% availability percentage\n---\nRun complete!\n';
    assert.deepEqual([await onTerminal('--no-progress'), await onTerminal('', 'dumb')], [plain, plain]);
  });

  it('shows figures by domain, and no login anywhere', async (test) => {
    const site = await EndpointSite.open(test);
    const secret = site.url('/error').replace('127', 'user:canary-81@127');
    const run = monitor(site.file(`- {name: a, url: "${secret}"}`), '--metrics-listen', '127.0.0.1:0', '--details');
    await run.prints('---');
    await run.says('"port":');
    run.signal('SIGINT');
    const { out, err } = await run.ended;
    assert.doesNotMatch(out + err, /canary/);
    assert.equal(
      site.receiver.requests[0]?.headers.find(([name]) => name === 'Authorization')?.[1],
      'Basic dXNlcjpjYW5hcnktODE=',
    );
  });

  it('answers /metrics and /ready', async (test) => {
    const site = await EndpointSite.open(test);
    const port = await freePort();
    const file = site.file(`- {name: a, url: "${site.url('/error')}"}\n- {name: b, url: "${site.url('/')}"}`);
    const run = monitor(file, '--threshold', '10000', '--metrics-listen', `127.0.0.1:${port}`);
    await run.prints('---');
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const line of [
      'monitor_endpoints_checks_total{domain="127.0.0.1",result="up"} 1',
      'monitor_endpoints_checks_total{domain="127.0.0.1",result="down"} 1',
      'monitor_endpoints_failures_total{domain="127.0.0.1",cause="status"} 1',
      'monitor_endpoints_availability_ratio{domain="127.0.0.1"} 0.5',
      'monitor_endpoints_check_duration_seconds_count{domain="127.0.0.1"} 2',
      'monitor_endpoints_cycle_duration_seconds_count 1',
      'monitor_endpoints_in_flight 0',
      'monitor_endpoints_outbox 0',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} in\n${text}`);
    }
    assert.match(text, /^monitor_endpoints_event_loop_delay_seconds /m);
    assert.equal((await fetch(`http://127.0.0.1:${port}/ready`)).status, 200);
    run.signal('SIGTERM');
    assert.equal((await run.ended).code, 0);
  });

  it('lists the ids of its alarms', async (test) => {
    const site = await EndpointSite.open(test);
    const { code, out } = await ended('--list-ids', site.file('- {name: it\'s, url: "http://h/"}'));
    assert.equal(code, 0);
    assert.match(out, /^-- name\talarmId\talarmDefinitionId\n'it''s'\t('[0-9a-f-]{36}')\t\1\n$/);
  });
});

describe('monitor-endpoints refuses', () => {
  const good = '- {name: a, url: "http://127.0.0.1:1/"}';
  const files: readonly (readonly [what: string, content: string | undefined, code: number, says: RegExp])[] = [
    ['a file that is not there', undefined, 2, /^Error: Input file \S+ cannot be read - no such file\n$/],
    ['an empty file', '', 1, /^Error: Input file is malformed - the file is empty\n$/],
    ['an empty list', '[]', 1, /^Error: Input file is malformed - the list of endpoints is empty\n$/],
    ['a map', 'name: a', 1, /^Error: Input file is malformed - expected a list of endpoints, got a map\n$/],
    ['a missing url', '- {name: login}', 1, /^Error: Input file is malformed - entry 1 \(login\): url is missing\n$/],
    [
      'a number as body',
      `${good}\n- {name: b, url: "http://h", body: 5}`,
      1,
      /entry 2 \(b\): body is a number.*quotes/,
    ],
    ['no YAML', '- {', 1, /^Error: Input file is malformed - expected valid YAML.*\n$/],
    ['more than 1 MiB', `${good} #${'x'.repeat(1 << 20)}`, 1, /holds more than 1048576 bytes/],
    [
      'all mistakes at once',
      '- {name: a}\n- {url: x}\n- 5',
      1,
      /^(Error: Input file is malformed - entry [123].*\n){4}$/,
    ],
  ];
  for (const [what, content, code, says] of files) {
    it(`${what} with ${code}, in words and without a stack`, async (test) => {
      const site = await EndpointSite.open(test);
      const result = await ended(content === undefined ? site.path('none') : site.file(content));
      assert.deepEqual([result.code, result.out], [code, ''], result.err);
      assert.match(result.err, says);
      assert.doesNotMatch(result.err, /^\s+at /m);
    });
  }

  const words: readonly (readonly [words: readonly string[], says: RegExp])[] = [
    [[], /expected one CONFIG_FILE_PATH, got 0/],
    [['FILE', 'FILE'], /expected one CONFIG_FILE_PATH, got 2/],
    [['FILE', '-f', '0'], /--health-check-frequency: expected a whole number from 1 to 2000000, got "0"/],
    [['FILE', '-f', '1.5'], /--health-check-frequency: expected a whole number/],
    [['FILE', '-f', 'soon'], /--health-check-frequency: expected a whole number/],
    [['FILE', '-f', '-5'], /--health-check-frequency: expected a whole number/],
    [['FILE', '-f'], /needs a value/],
    [['FILE', '-r', '0'], /--run-duration: expected a whole number/],
    [['FILE', '--threshold', '14000'], /--threshold: expected less than the 14000 ms that a check may take/],
    [['FILE', '-f', '1', '--threshold', '800'], /--threshold: expected less than the 800 ms/],
    [['FILE', '--percent', 'up'], /--percent: expected truncate or round, got "up"/],
    [['FILE', '--sink', 'mail'], /--sink: expected console or kafka, got "mail"/],
    [['FILE', '--quiet'], /--quiet: expected --sink kafka beside it/],
    [['FILE', '--fail-after', '0'], /--fail-after: expected a whole number/],
    [['FILE', '--definition-id', 'x'.repeat(37)], /--definition-id: expected at most 36 characters/],
    [['FILE', '--metrics-listen', 'here'], /--metrics-listen: expected HOST:PORT, got "here"/],
    [['FILE', '--treshold', '5'], /unknown option --treshold; did you mean --threshold\?/],
  ];
  for (const [given, says] of words) {
    it(`${given.join(' ').slice(0, 60) || 'no file'} with 2`, async (test) => {
      const site = await EndpointSite.open(test);
      const file = site.file(good);
      const { code, out, err } = await ended(...given.map((word) => (word === 'FILE' ? file : word)));
      assert.deepEqual([code, out], [2, ''], err);
      assert.match(err, says);
    });
  }

  it('a wrong engine configuration with 78, before it checks anything', async (test) => {
    const site = await EndpointSite.open(test);
    const file = site.file(`- {name: a, url: "${site.url('/')}"}`);
    const config = site.file('mysql: {host: db}\n', 'engine.yaml');
    const { code, out, err } = await ended(file, '--sink', 'kafka', '--engine-config', config);
    assert.deepEqual([code, out, site.receiver.requests.length], [78, '', 0]);
    assert.match(err, /^\S+engine\.yaml:1:1 kafka\.url: expected [^\n]*\n$/);
  });

  it('a port for metrics that is taken with 1', async (test) => {
    const site = await EndpointSite.open(test);
    const file = site.file(`- {name: a, url: "${site.url('/')}"}`);
    const { code, err } = await ended(file, '--metrics-listen', `127.0.0.1:${site.receiver.port}`);
    assert.equal(code, 1);
    assert.match(err, /the server of metrics cannot listen on 127\.0\.0\.1 port \d+: it is taken/);
  });
});
