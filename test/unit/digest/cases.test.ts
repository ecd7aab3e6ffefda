import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hash32 } from '../../../src/domain/hash32.js';
import { MemoryBroker, userRules } from '../../support/digest/memory-broker.js';
import { orderCases, type Step, t, t1, t2, t4 } from '../../support/digest/order-cases.js';

function give(broker: MemoryBroker, steps: readonly Step[], user = 'u'): void {
  for (const step of steps) {
    if (step === 'send') broker.send(user);
    else broker.status(user, ...step);
  }
}

function entriesOf(broker: MemoryBroker, user = 'u'): readonly (readonly string[])[] {
  const digests = broker.digests() as { UserID: string; ActiveAlarms: Record<string, string>[] }[];
  return digests
    .filter((digest) => digest.UserID === user)
    .map(({ ActiveAlarms }) => ActiveAlarms.map((one) => `${one.AlarmID} ${one.Status} ${one.LatestChangedAt}`));
}

for (const isTransactional of [false, true]) {
  describe(`the digest on a broker ${isTransactional ? 'with' : 'without'} transactions`, () => {
    for (const { name, steps, digests } of orderCases) {
      it(name, async () => {
        const broker = new MemoryBroker({ isTransactional });
        give(broker, steps);
        await broker.run();
        assert.deepEqual(entriesOf(broker), digests);
        assert.equal(broker.unfinishedCount, 0);
      });

      it(`${name}; with a new process for every message`, async () => {
        const broker = new MemoryBroker({ isTransactional });
        for (const step of steps) {
          give(broker, [step]);
          await broker.run();
        }
        assert.deepEqual(entriesOf(broker), digests);
      });
    }

    it('B-2 with --empty send: an empty list, never null', async () => {
      const broker = new MemoryBroker({ isTransactional });
      broker.rules = { ...userRules, empty: 'send' };
      broker.send('nobody');
      await broker.run();
      assert.deepEqual(
        broker.published.map(({ text }) => text),
        ['{"UserID":"nobody","ActiveAlarms":[]}'],
      );
    });

    it('B-21: keys in another order and letter case are understood', async () => {
      const broker = new MemoryBroker({ isTransactional });
      broker.publish('status', `{"status":"CRITICAL","changedat":"${t1}","userId":"u","ALARMID":"a","more":[1]}`);
      broker.publish('command', '{"userid":"u"}');
      await broker.run();
      assert.deepEqual(entriesOf(broker), [[`a CRITICAL ${t1}`]]);
    });

    it('gives every empty digest an id of its own, the same when its command comes again', async () => {
      const broker = new MemoryBroker({ isTransactional });
      broker.rules = { ...userRules, empty: 'send' };
      broker.crashAt = 'digests';
      give(broker, ['send']);
      await broker.run();
      await broker.run();
      assert.equal(broker.published.length, isTransactional ? 1 : 2);
      assert.equal(new Set(broker.published.map(({ id }) => id)).size, 1);
      give(broker, ['send']);
      await broker.run();
      assert.equal(new Set(broker.published.map(({ id }) => id)).size, 2);
    });

    it('tells and counts a field that it left out of a change', async () => {
      const broker = new MemoryBroker({ isTransactional });
      broker.status('u', 'a', 'CRITICAL', t1, { Sequence: 'seven' });
      broker.send('u');
      await broker.run();
      assert.deepEqual(entriesOf(broker), [[`a CRITICAL ${t1}`]]);
      assert.deepEqual(broker.telemetry.named('digest_field_left_out'), [{ subject: 'status', field: 'Sequence' }]);
    });

    it('B-22: what means nothing is put aside, and the rest is unaffected', async () => {
      const broker = new MemoryBroker({ isTransactional });
      give(broker, [['a', 'CRITICAL', t1]]);
      broker.publish('status', 'garbage');
      broker.status('u', 'a', 'PANIC', t4);
      broker.publish('status', { AlarmID: 'a', Status: 'CLEARED', ChangedAt: t4 });
      broker.status('u', 'a', 'CLEARED', '0001-01-01T00:00:00Z');
      broker.publish('command', {});
      give(broker, [['b', 'WARNING', t2], 'send']);
      await broker.run();
      assert.deepEqual(entriesOf(broker), [[`a CRITICAL ${t1}`, `b WARNING ${t2}`]]);
      assert.equal(broker.deadLetters.length, 5);
      assert.equal(broker.unfinishedCount, 0);
    });

    it('B-23: a publish that fails is tried again with every mark in place', async () => {
      const broker = new MemoryBroker({ isTransactional });
      give(broker, [['a', 'CRITICAL', t1], 'send']);
      broker.failuresToCome = 3;
      await broker.run();
      assert.deepEqual(entriesOf(broker), [[`a CRITICAL ${t1}`]]);
    });

    for (const crashAt of ['before', 'changed', 'digests', 'cleared', 'finished'] as const) {
      it(`B-24: a crash ${crashAt === 'before' ? 'before the commit' : `after step ${crashAt}`} loses nothing, and repeats bear one id`, async () => {
        const broker = new MemoryBroker({ isTransactional });
        give(broker, [['a', 'CRITICAL', t1], 'send']);
        broker.crashAt = crashAt;
        await broker.run();
        give(broker, ['send']);
        await broker.run();
        assert.deepEqual(new Set(entriesOf(broker).flat()), new Set([`a CRITICAL ${t1}`]));
        assert.equal(new Set(broker.published.map(({ id }) => id)).size, 1);
        const isRepeated = crashAt === 'digests' && !isTransactional;
        assert.equal(broker.published.length, isRepeated ? 2 : 1);
      });
    }

    it('B-26: any order of one set of changes gives the same digest', async () => {
      const change = fc.tuple(
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom('CLEARED', 'WARNING', 'CRITICAL'),
        fc.nat(6),
      );
      const sets = fc
        .array(change, { maxLength: 12 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
      await fc.assert(
        fc.asyncProperty(sets, async ([inOrder, shuffled]) => {
          const texts = [];
          for (const changes of [inOrder, [...shuffled, ...shuffled]]) {
            const broker = new MemoryBroker({ isTransactional });
            give(
              broker,
              changes.map(([alarm, status, at]) => [alarm, status, t(at)] as const),
            );
            give(broker, ['send']);
            await broker.run();
            texts.push(broker.published.map(({ text }) => text));
          }
          assert.deepEqual(texts[0], texts[1]);
        }),
        { numRuns: 200 },
      );
    });
  });
}

describe('workers', () => {
  it('B-27: 1,000 users spread over 8 workers, each always to one', () => {
    const places = new Set<number>();
    for (let n = 0; n < 1_000; n += 1) {
      const place = hash32(`user-${n}`) % 8;
      assert.equal(hash32(`user-${n}`) % 8, place);
      assert.ok(place >= 0 && place < 8);
      places.add(place);
    }
    assert.equal(places.size, 8);
  });

  it('use FNV-1a, unsigned', () => {
    assert.equal(hash32(''), 2_166_136_261);
    assert.equal(hash32('user-1'), 4_115_888_500);
    assert.equal(hash32('e859dab9-66d4-4bf4-a578-113d223b94f0'), 2_004_898_944);
  });
});

describe('a digest', () => {
  it('B-28: is exactly this text', async () => {
    const broker = new MemoryBroker();
    give(broker, [['b', 'WARNING', t2], ['a"\n', 'CRITICAL', t1], 'send'], 'u"1');
    await broker.run();
    assert.deepEqual(
      broker.published.map(({ text }) => text),
      [
        `{"UserID":"u\\"1","ActiveAlarms":[{"AlarmID":"a\\"\\n","Status":"CRITICAL","LatestChangedAt":"${t1}"},` +
          `{"AlarmID":"b","Status":"WARNING","LatestChangedAt":"${t2}"}]}`,
      ],
    );
  });

  it('above the limit goes out in parts, in order, each alarm once', async () => {
    const broker = new MemoryBroker();
    broker.digestLimitBytes = 10_000;
    for (let n = 0; n < 20_000; n += 1) broker.status('u', `alarm-${n}`, 'CRITICAL', t1);
    broker.send('u');
    await broker.run();
    const entries = entriesOf(broker);
    assert.ok(entries.length > 100);
    assert.ok(broker.published.every(({ text }) => Buffer.byteLength(text) <= 10_000));
    const ids = entries.flat().map((entry) => entry.split(' ')[0]);
    assert.deepEqual(ids, [...ids].sort());
    assert.equal(new Set(ids).size, 20_000);
  });

  it('sorts alarms of one time by code points', async () => {
    const broker = new MemoryBroker();
    give(broker, [['\u{1F600}', 'CRITICAL', t1], ['\uFF5E', 'CRITICAL', t1], 'send']);
    await broker.run();
    assert.deepEqual(entriesOf(broker), [[`\uFF5E CRITICAL ${t1}`, `\u{1F600} CRITICAL ${t1}`]]);
  });

  it('of one user does not know the alarm of the same id of another', async () => {
    const broker = new MemoryBroker();
    give(broker, [['a', 'CRITICAL', t1]], 'u1');
    give(broker, [['a', 'CLEARED', t2]], 'u2');
    give(broker, ['send'], 'u1');
    give(broker, ['send'], 'u2');
    await broker.run();
    assert.deepEqual(entriesOf(broker, 'u1'), [[`a CRITICAL ${t1}`]]);
    assert.deepEqual(entriesOf(broker, 'u2'), []);
  });
});
