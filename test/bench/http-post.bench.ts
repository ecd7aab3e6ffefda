import { type ChildProcess, fork } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { createSendGate } from '../../src/delivery/create-send-gate.js';
import { alarmBody } from '../../src/notifiers/alarm-body.js';
import { HttpPost } from '../../src/notifiers/http-post.js';
import { WebhookNotifier } from '../../src/notifiers/webhook/notifier.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { FakeLease } from '../support/fakes/fake-lease.js';
import { RecordingTelemetry } from '../support/fakes/recording-telemetry.js';
import { aNotification } from '../support/notifications.js';

/*
 * CPU of this process per POST to a sink in another one, 32 at a time: bare undici, our webhook notifier, and that behind the send gate.
 * Run: node dist/.test/test/bench/http-post.bench.js
 */
const atOnceCount = 32;
const postCount = 8000;
const roundCount = 5;

function serve(): void {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => response.end('ok'));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : 0);
  });
  process.on('disconnect', () => process.exit());
}

async function cpuMsPerPost(post: () => Promise<unknown>, count: number): Promise<number> {
  let left = count;
  const before = process.cpuUsage();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await post();
    }
  };
  await Promise.all(Array.from({ length: atOnceCount }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}

function pipelines(url: string): Readonly<Record<string, () => Promise<unknown>>> {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const notification = aNotification('webhook', url);
  const rules = { allow: ['127.0.0.1'], concurrencyPerDestination: atOnceCount };
  const limits = { ...rules, ratePerDestination: undefined, senders: 1, retryIntervalMs: 30_000 };
  const http = new HttpPost({ clock: systemClock, rules, senders: 1, timeoutMs: 5000 });
  const notifier = new WebhookNotifier(http, systemClock, []);
  const { gate } = createSendGate(limits, {
    lease: new FakeLease(),
    clock: systemClock,
    random: systemRandom,
    telemetry: new RecordingTelemetry(),
  });
  const dispatcher = new Agent({ connections: atOnceCount, pipelining: 1 });
  const headers = {
    'content-type': 'application/json',
    'webhook-id': notification.id,
    'Idempotency-Key': notification.id,
  };
  const bare = async () => {
    const body = JSON.stringify(alarmBody(notification));
    const answer = await request(url, { method: 'POST', headers, body, dispatcher });
    await answer.body.dump();
  };
  return {
    'bare undici': bare,
    'webhook notifier': () => notifier.send(notification, signal),
    'behind the gate': () => gate.send(notifier, notification, signal),
  };
}

async function measure(sink: ChildProcess): Promise<void> {
  const [port] = await once(sink, 'message');
  const figures = new Map<string, number[]>();
  const entries = Object.entries(pipelines(`http://127.0.0.1:${port}/hook?x=1`));
  for (const [, post] of entries) await cpuMsPerPost(post, postCount / 2);
  for (let round = 0; round < roundCount; round += 1) {
    for (const [name, post] of entries)
      figures.set(name, [...(figures.get(name) ?? []), await cpuMsPerPost(post, postCount)]);
  }
  const medians = [...figures].map(
    ([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(roundCount / 2)] ?? 0] as const,
  );
  for (const [name, ms] of medians) {
    console.log(
      `${name.padEnd(20)} ${ms.toFixed(4)} ms CPU per POST, ${(ms / (medians[0]?.[1] ?? 1)).toFixed(2)} × bare`,
    );
  }
}

if (process.argv[2] === 'sink') serve();
else {
  const sink = fork(fileURLToPath(import.meta.url), ['sink'], { execArgv: ['--max-old-space-size=64'] });
  await measure(sink);
  sink.disconnect();
  process.exit();
}
