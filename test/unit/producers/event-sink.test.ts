import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventMessage } from '../../../src/domain/alarm-event.js';
import type { AlarmStatus } from '../../../src/domain/alarm-status.js';
import { EngineError, givenUp } from '../../../src/domain/errors.js';
import { Announcer } from '../../../src/producers/announcer.js';
import { EventSink } from '../../../src/producers/event-sink.js';
import { ProducerState } from '../../../src/producers/producer-state.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { MemoryStore } from '../../support/fakes/memory-store.js';

interface Told {
  readonly status: string;
  readonly oldStatus: string;
  readonly kind: string;
  readonly sequence: number;
  readonly eventId: string;
  readonly changedAt: string;
  readonly timestamp: number;
  readonly stateChangeReason: string;
}

/** A broker in memory: it can be away, lose its answer, or refuse. */
class MemoryBroker {
  readonly told: Told[] = [];
  mode: 'up' | 'away' | 'answer lost' | 'refusing' = 'up';

  async publish(clock: FakeClock, { value }: EventMessage, signal: AbortSignal): Promise<void> {
    if (this.mode === 'refusing') throw new EngineError('RECORD_REFUSED', 'too large', { retriable: false });
    if (this.mode !== 'away') this.told.push(JSON.parse(value)['alarm-transitioned']);
    if (this.mode === 'up') return;
    await clock.sleep(3_600_000, signal);
    throw givenUp('given up');
  }
}

const alarm = {
  key: 'a',
  tenantId: 't',
  alarmId: 'a',
  alarmDefinitionId: 'a',
  name: 'a',
  description: undefined,
  repeatMs: 100_000,
  worker: '001',
};

/** One run of a producer with one alarm; runs share a broker, a clock and a state file, like the lives of one process. */
async function life(clock: FakeClock, broker: MemoryBroker, store: MemoryStore) {
  const { state, problem } = await ProducerState.open(store, { scope: 's', clock, onWrite: () => undefined });
  const sink = new EventSink({
    state,
    publish: (message, signal) => broker.publish(clock, message, signal),
    source: { type: 'alert-exec', instance: 'i', version: '1' },
    clock,
    close: async () => undefined,
  });
  const causes: string[] = [];
  const announcer = new Announcer({
    sink,
    quickAttempts: 3,
    slots: undefined,
    clock,
    random: () => 0.5,
    ears: {
      attempted: (_, receipt) => void (receipt.outcome !== 'accepted' && causes.push(receipt.cause)),
      ended: () => undefined,
    },
  });
  let looks = 0;
  const see = async (status: AlarmStatus) => {
    looks += 1;
    announcer.observe(alarm, { status, reason: `look ${looks}`, details: undefined, scheduledMonoMs: clock.monoMs() });
    await clock.advance(1);
  };
  return { announcer, see, state, problem, causes };
}

const setting = () => [new FakeClock(), new MemoryBroker(), new MemoryStore()] as const;

describe('the event sink', () => {
  it('gives each event a number of its own, rising by one from the wall clock on, and an id that follows from it', async () => {
    const [clock, broker, store] = setting();
    const { see } = await life(clock, broker, store);
    const startedAtMs = clock.nowMs();
    await see('WARNING');
    await clock.advance(100_000);
    await see('WARNING');
    await see('OK');
    assert.deepEqual(
      broker.told.map(({ sequence, kind, oldStatus, status }) => [sequence - startedAtMs, kind, oldStatus, status]),
      [
        [0, 'transition', 'OK', 'WARNING'],
        [1, 'repeat', 'WARNING', 'WARNING'],
        [2, 'transition', 'WARNING', 'OK'],
      ],
    );
    assert.equal(new Set(broker.told.map(({ eventId }) => eventId)).size, 3);
  });

  it('gives a repeat the time of its own, and of the change that it repeats', async () => {
    const [clock, broker, store] = setting();
    const { see } = await life(clock, broker, store);
    await see('WARNING');
    await clock.advance(100_000);
    const repeatedAtMs = clock.nowMs();
    await see('WARNING');
    const [first, repeat] = broker.told;
    assert.equal(repeat?.changedAt, first?.changedAt);
    assert.equal(repeat?.timestamp, repeatedAtMs);
    assert.equal(first?.timestamp, Date.parse(first?.changedAt ?? ''));
  });

  it('has the number on disk before the event is published', async () => {
    const [clock, broker, store] = setting();
    const { see, state } = await life(clock, broker, store);
    const written: (string | undefined)[] = [];
    const publish = broker.publish.bind(broker);
    broker.publish = async (...args) => {
      written.push(store.text);
      await publish(...args);
    };
    await see('WARNING');
    assert.ok(written[0]?.includes(`"sequence":${state.get('a')?.sequence}`));
  });

  it('publishes nothing while the state cannot be saved, and all the same event later', async () => {
    const [clock, broker, store] = setting();
    const { see, causes } = await life(clock, broker, store);
    store.failure = new Error('disk full');
    await see('WARNING');
    assert.deepEqual([broker.told, causes], [[], ['disk full']]);
    store.failure = undefined;
    await clock.advance(1_000);
    assert.deepEqual(
      broker.told.map(({ status }) => status),
      ['WARNING'],
    );
  });

  it('says the same under the same id after a crash, when the state still holds', async () => {
    const [clock, broker, store] = setting();
    broker.mode = 'answer lost';
    await (await life(clock, broker, store)).see('WARNING');
    broker.mode = 'up';
    await clock.advance(5_000);
    await (await life(clock, broker, store)).see('WARNING');
    assert.equal(broker.told.length, 2);
    assert.deepEqual(broker.told[1], broker.told[0]);
  });

  it('takes a new number after a crash, when the state has changed meanwhile', async () => {
    const [clock, broker, store] = setting();
    broker.mode = 'answer lost';
    await (await life(clock, broker, store)).see('WARNING');
    broker.mode = 'up';
    await (await life(clock, broker, store)).see('OK');
    const [first, second] = broker.told;
    assert.deepEqual([second?.oldStatus, second?.status], ['WARNING', 'OK']);
    assert.equal(second?.sequence, (first?.sequence ?? 0) + 1);
    assert.notEqual(second?.eventId, first?.eventId);
  });

  it('announces nothing again after a restart inside the window, and a recovery in the gap', async () => {
    const [clock, broker, store] = setting();
    await (await life(clock, broker, store)).see('CRITICAL');
    await clock.advance(50_000);
    const second = await life(clock, broker, store);
    assert.equal(second.problem, undefined);
    await second.see('CRITICAL');
    assert.equal(broker.told.length, 1);
    await (await life(clock, broker, store)).see('OK');
    assert.deepEqual([broker.told[1]?.oldStatus, broker.told[1]?.status], ['CRITICAL', 'OK']);
  });

  it('numbers above all that went before when the state was lost', async () => {
    const [clock, broker, store] = setting();
    const { see, announcer } = await life(clock, broker, store);
    for (const status of ['WARNING', 'OK', 'WARNING'] as const) await see(status);
    await announcer.close(0);
    await clock.advance(1_000);
    const { see: seeAgain, problem } = await life(clock, broker, new MemoryStore());
    assert.match(problem ?? '', /there is no state file/);
    await seeAgain('WARNING');
    const [last, next] = broker.told.slice(-2);
    assert.ok((next?.sequence ?? 0) > (last?.sequence ?? 0));
  });

  it('lets the time of change rise although the wall clock is set back', async () => {
    const [clock, broker, store] = setting();
    await (await life(clock, broker, store)).see('WARNING');
    const earlier = new FakeClock(clock.nowMs() - 3_600_000);
    await (await life(earlier, broker, store)).see('OK');
    const [first, second] = broker.told;
    assert.equal(Date.parse(second?.changedAt ?? ''), Date.parse(first?.changedAt ?? '') + 1);
    assert.ok((second?.sequence ?? 0) > (first?.sequence ?? 0));
  });

  it('publishes the newest only when the broker was away for three changes', async () => {
    const [clock, broker, store] = setting();
    const { see } = await life(clock, broker, store);
    await see('CRITICAL');
    broker.mode = 'away';
    for (const status of ['WARNING', 'OK', 'WARNING'] as const) {
      await see(status);
      await clock.advance(1_000);
    }
    broker.mode = 'up';
    await clock.advance(60_000);
    assert.deepEqual(
      broker.told.map(({ oldStatus, status }) => `${oldStatus}>${status}`),
      ['OK>CRITICAL', 'CRITICAL>WARNING'],
    );
  });

  it('gives an event that waited for an hour a new time, so that no engine takes it for too old', async () => {
    const [clock, broker, store] = setting();
    const { see } = await life(clock, broker, store);
    broker.mode = 'away';
    await see('WARNING');
    await clock.advance(3_700_000);
    broker.mode = 'up';
    await clock.advance(60_000);
    assert.equal(broker.told.length, 1);
    assert.ok(clock.nowMs() - (broker.told[0]?.timestamp ?? 0) < 200_000);
  });

  it('goes on trying what Kafka refuses, and takes a number back from nobody', async () => {
    const [clock, broker, store] = setting();
    const { see, causes } = await life(clock, broker, store);
    broker.mode = 'refusing';
    await see('WARNING');
    await clock.advance(200);
    broker.mode = 'up';
    await clock.advance(10_000);
    assert.deepEqual(causes, ['too large', 'too large']);
    assert.deepEqual(
      broker.told.map(({ status }) => status),
      ['WARNING'],
    );
    await see('OK');
    assert.equal(broker.told.length, 2);
  });
});
