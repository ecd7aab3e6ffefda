import { randomUUID } from 'node:crypto';
import { systemClock } from '../runtime/clock.js';
import type { Command, CommandIo, ExitCode } from './command.js';
import { type DigestBus, openDigestBus } from './digest-bus.js';
import { digestPlaceOptions, readDigestSettings } from './digest-settings.js';
import { secondsOption } from './seconds-option.js';

const usualLimitMs = 10_000;
const commandEveryMs = 1_000;
const lookEveryMs = 20;

/** Smoke test of a running digest: publishes some changes and commands, and compares what comes, to the byte. */
export const command: Command = {
  options: {
    ...digestPlaceOptions,
    timeout: { value: 'SECONDS', description: 'how long the digests may take (default 10)' },
  },
  async run(args, io) {
    const limitMs = secondsOption(args, 'timeout', usualLimitMs);
    const settings = readDigestSettings(args, io);
    if (settings === undefined) return 78;
    const bus = await openDigestBus(settings, limitMs, { isOrdered: true });
    try {
      return await verify(bus, limitMs, io);
    } finally {
      await bus.close();
    }
  },
};

async function verify(bus: DigestBus, limitMs: number, io: CommandIo): Promise<ExitCode> {
  const heard: string[] = [];
  await bus.listen((text) => heard.push(text));
  io.out(`${timeText()} waiting to consume "AlarmDigest" messages`);
  const plan = newPlan();
  for (const { userId, text } of plan.changes) bus.publish('status', userId, text);
  await bus.flush();
  const users = [...plan.expected.keys()];
  const ours = () => heard.filter((text) => users.some((user) => text.includes(user)));
  const deadlineMonoMs = systemClock.monoMs() + limitMs;
  const asked = async (isEnough: () => boolean) => {
    for (let nextMonoMs = 0; !isEnough() && systemClock.monoMs() < deadlineMonoMs; ) {
      if (systemClock.monoMs() >= nextMonoMs) {
        for (const user of users) bus.publish('command', user, JSON.stringify({ UserID: user }));
        await bus.flush();
        nextMonoMs = systemClock.monoMs() + commandEveryMs;
      }
      await systemClock.sleep(lookEveryMs);
    }
  };
  await asked(() => ours().length >= users.length);
  // Whatever a second command brings comes before the answer to a change behind it.
  const [last = ''] = users.slice(-1);
  const [change, digest] = laterChange(last);
  bus.publish('command', last, JSON.stringify({ UserID: last }));
  bus.publish('status', last, change);
  await bus.flush();
  await asked(() => ours().includes(digest));
  const problems = problemsOf([...plan.expected.values(), digest], ours());
  for (const problem of problems) io.err(problem);
  io.out(`${timeText()} Smoke test ${problems.length === 0 ? 'passed' : 'failed'}`);
  return problems.length === 0 ? 0 : 1;
}

/** A critical alarm with an older warning behind it, a cleared one, and a second user with an alarm that is older than another. */
function newPlan() {
  const [first, second] = [randomUUID(), randomUUID()];
  const [a, b, c, d] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const [t1, t2] = ['2021-06-07T20:40:15.598765212Z', '2021-06-07T20:40:15.598765312Z'];
  const changes = [
    changeOf(first, a, 'CRITICAL', t2),
    changeOf(first, a, 'WARNING', t1),
    changeOf(first, b, 'CLEARED', t1),
    changeOf(second, c, 'WARNING', t2),
    changeOf(second, d, 'CRITICAL', t1),
  ];
  const expected = new Map([
    [first, digestOf(first, [entryOf(a, 'CRITICAL', t2)])],
    [second, digestOf(second, [entryOf(d, 'CRITICAL', t1), entryOf(c, 'WARNING', t2)])],
  ]);
  return { changes, expected };
}

function laterChange(userId: string): readonly [change: string, digest: string] {
  const [alarmId, at] = [randomUUID(), '2021-06-07T20:40:16Z'];
  return [changeOf(userId, alarmId, 'WARNING', at).text, digestOf(userId, [entryOf(alarmId, 'WARNING', at)])];
}

function changeOf(userId: string, alarmId: string, status: string, changedAt: string) {
  return { userId, text: JSON.stringify({ AlarmID: alarmId, UserID: userId, Status: status, ChangedAt: changedAt }) };
}

function entryOf(alarmId: string, status: string, changedAt: string): string {
  return `{"AlarmID":"${alarmId}","Status":"${status}","LatestChangedAt":"${changedAt}"}`;
}

function digestOf(userId: string, entries: readonly string[]): string {
  return `{"UserID":"${userId}","ActiveAlarms":[${entries.join()}]}`;
}

function problemsOf(expected: readonly string[], heard: readonly string[]): readonly string[] {
  const missing = expected.filter((text) => !heard.includes(text)).map((text) => `expected and not heard: ${text}`);
  const left = [...expected];
  const extra: string[] = [];
  for (const text of heard) {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    else extra.push(`heard and not expected: ${text}`);
  }
  return [...missing, ...extra];
}

/** Local time in the form of the original verifier: 2021/08/16 22:38:20. */
function timeText(): string {
  const at = new Date(systemClock.nowMs());
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
