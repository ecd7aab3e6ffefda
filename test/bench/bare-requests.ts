import { Agent, request } from 'node:http';

/**
 * A child process: what the requests of `alert-exec` cost when Node's own client makes them and nothing else is done. Takes the port, the
 * questions and the announcements a second, and the seconds to warm up and to measure; writes `{ cpuMs, seconds }`.
 */
const [port = 0, questions = 0, announcements = 0, warmSeconds = 0, seconds = 0] = process.argv.slice(2).map(Number);
const shared = new Agent({ keepAlive: true, maxFreeSockets: 256 });
const single = new Agent({ keepAlive: false });
const alertCount = 10_000;
const startEveryMs = 5;

function ask(method: 'GET' | 'POST', path: string, body?: string): void {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const agent = method === 'GET' ? shared : single;
  const headers = { 'content-type': 'application/json', ...length };
  const made = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => response.resume());
  made.on('error', () => undefined);
  made.end(body);
}

const startedAtMs = performance.now();
const made = { questions: 0, announcements: 0 };
const spentMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
let before: { readonly cpuMs: number; readonly atMs: number } | undefined;
const timer = setInterval(() => {
  const nowMs = performance.now();
  const passedSeconds = (nowMs - startedAtMs) / 1e3;
  for (; made.questions < passedSeconds * questions; made.questions += 1) {
    ask('GET', `/query?target=test-query-${1 + (made.questions % alertCount)}`);
  }
  for (; made.announcements < passedSeconds * announcements; made.announcements += 1) {
    const alertName = `alert-${1 + (made.announcements % alertCount)}`;
    ask('POST', '/notify', JSON.stringify({ alertName, message: 'critical' }));
  }
  if (before === undefined && passedSeconds >= warmSeconds) before = { cpuMs: spentMs(), atMs: nowMs };
  if (before === undefined || passedSeconds < warmSeconds + seconds) return;
  clearInterval(timer);
  const report = { cpuMs: spentMs() - before.cpuMs, seconds: (nowMs - before.atMs) / 1e3 };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  shared.destroy();
}, startEveryMs);
