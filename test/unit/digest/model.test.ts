import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CrashPoint, MemoryBroker, type MemoryMessage } from '../../support/digest/memory-broker.js';

const severities = ['CLEARED', 'WARNING', 'CRITICAL'];
const userIds = ['u1', 'u2', 'u3'];

interface Change {
  readonly user: string;
  readonly alarm: string;
  readonly status: string;
  readonly at: number;
}

type Step = Change | { readonly send: string } | { readonly crash: CrashPoint };

const change = fc.record({
  user: fc.constantFrom(...userIds),
  alarm: fc.constantFrom('a', 'b', 'c'),
  status: fc.constantFrom(...severities),
  at: fc.nat(9),
});
const crashes: CrashPoint[] = ['before', 'changed', 'digests', 'cleared', 'finished'];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: change },
  { weight: 2, arbitrary: fc.constantFrom(...userIds).map((send) => ({ send })) },
  { weight: 1, arbitrary: fc.constantFrom(...crashes).map((crash) => ({ crash })) },
);

const timeOf = (at: number) => `2026-01-01T00:00:00.00000000${at}Z`;

/** The naive model: of everything that was ever published for an alarm, the latest wins, at one time the most severe. */
function latest(changes: readonly Change[]): ReadonlyMap<string, Change> {
  const found = new Map<string, Change>();
  for (const one of changes) {
    const key = `${one.user} ${one.alarm}`;
    const known = found.get(key);
    const isNewer =
      known === undefined ||
      one.at > known.at ||
      (one.at === known.at && severities.indexOf(one.status) > severities.indexOf(known.status));
    if (isNewer) found.set(key, one);
  }
  return found;
}

async function play(
  broker: MemoryBroker,
  steps: readonly Step[],
  order: (all: MemoryMessage[]) => MemoryMessage[],
): Promise<void> {
  for (const one of steps) {
    if ('crash' in one) broker.crashAt = one.crash;
    else if ('send' in one) broker.send(one.send);
    else broker.status(one.user, one.alarm, one.status, timeOf(one.at));
    if ('crash' in one) await broker.run(order);
  }
  broker.crashAt = 'none';
  await broker.run(order);
  for (const user of userIds) broker.send(user);
  await broker.run();
}

for (const isTransactional of [false, true]) {
  describe(`against a naive model, ${isTransactional ? 'with' : 'without'} transactions`, () => {
    it('no active alarm is missing, nothing is invented, repeats bear one id: shuffled, repeated, late, crashing', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 25 }),
          fc.integer({ min: 1, max: 4 }),
          fc.boolean(),
          async (steps, workerCount, isReversed) => {
            const broker = new MemoryBroker({ workerCount, isTransactional });
            await play(broker, steps, (all) => (isReversed ? [...all].reverse().flatMap((one) => [one, one]) : all));
            assert.equal(broker.unfinishedCount, 0);
            const changes = steps.filter((one): one is Change => 'alarm' in one);
            const digests = broker.digests() as { UserID: string; ActiveAlarms: Record<string, string>[] }[];
            const told = new Map<string, string[]>();
            for (const { UserID, ActiveAlarms } of digests) {
              for (const { AlarmID, Status, LatestChangedAt } of ActiveAlarms) {
                const key = `${UserID} ${AlarmID}`;
                told.set(key, [...(told.get(key) ?? []), `${Status} ${LatestChangedAt}`]);
                assert.ok(
                  changes.some(
                    (one) =>
                      `${one.user} ${one.alarm} ${one.status} ${timeOf(one.at)}` ===
                      `${key} ${Status} ${LatestChangedAt}`,
                  ),
                );
                assert.notEqual(Status, 'CLEARED');
              }
            }
            for (const [key, { status }] of latest(changes)) {
              if (status !== 'CLEARED')
                assert.ok(
                  told.get(key)?.some((entry) => entry.startsWith(status)),
                  `${key} ${status} was not told`,
                );
            }
            const texts = new Map<string, string>();
            for (const { id, text } of broker.published) {
              assert.equal(texts.get(id) ?? text, text);
              texts.set(id, text);
            }
          },
        ),
        { numRuns: 300 },
      );
    });

    it('without a crash no version is told twice', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.oneof(
              change,
              fc.constantFrom(...userIds).map((send) => ({ send })),
            ),
            { maxLength: 25 },
          ),
          async (steps) => {
            const broker = new MemoryBroker({ workerCount: 2, isTransactional });
            await play(broker, steps, (all) => all);
            assert.equal(new Set(broker.published.map(({ id }) => id)).size, broker.published.length);
          },
        ),
        { numRuns: 200 },
      );
    });
  });
}

describe('a take-over', () => {
  it('fences the frozen owner: when it wakes up it sends and stores nothing', async () => {
    const broker = new MemoryBroker();
    broker.status('u', 'a', 'CRITICAL', timeOf(1));
    await broker.run();
    const frozen = broker.start();
    broker.send('u');
    await broker.run();
    assert.equal(broker.published.length, 1);
    for (const worker of frozen) {
      const taken = {
        number: 99,
        subject: 'command',
        form: 'command',
        value: Buffer.from('{"UserID":"u"}'),
        place: 'p:1',
        isRepeated: false,
      } as const;
      worker.take({ worker: 0, taken, message: { kind: 'command', command: { userId: 'u', methodId: undefined } } });
    }
    await broker.finish(frozen);
    assert.equal(broker.published.length, 1);
  });
});

describe('a mailbox', () => {
  it('that is full makes its writer wait, and loses nothing', async () => {
    const broker = new MemoryBroker();
    const [worker] = broker.start();
    assert.ok(worker !== undefined);
    const value = Buffer.from('{"UserID":"u"}');
    const read = { worker: 0, message: { kind: 'malformed', reason: 'test' } } as const;
    let taken = 0;
    for (; !worker.isFull; taken += 1)
      worker.take({
        ...read,
        taken: { number: taken, subject: 's', form: 'status', value, place: 'p:1', isRepeated: false },
      });
    const room = worker.room();
    await broker.finish([worker]);
    await room;
    assert.equal(broker.deadLetters.length, taken);
  });
});
