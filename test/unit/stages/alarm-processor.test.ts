import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawAlarm } from '../../../src/domain/alarm.js';
import { EngineError } from '../../../src/domain/errors.js';
import { notificationId } from '../../../src/domain/notification.js';
import type { DeadLetter } from '../../../src/domain/outcome.js';
import type { DigestIntake } from '../../../src/ports/flow.js';
import { AlarmProcessor } from '../../../src/stages/alarm-processor.js';
import { alarmMessage, rawMessage, somewhere } from '../../support/alarms.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { FakeMethodDirectory } from '../../support/fakes/fake-method-directory.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

const never = new AbortController().signal;

function stageWith({ clock = new FakeClock(), ...options }: { clock?: FakeClock; ttlMs?: number | undefined } = {}) {
  const { ttlMs } = { ttlMs: 600_000, ...options };
  const directory = new FakeMethodDirectory();
  const telemetry = new RecordingTelemetry();
  const parked: DeadLetter[] = [];
  const parking = { failuresLeft: 0 };
  const deadLetters = {
    async park(letter: DeadLetter): Promise<void> {
      if (parking.failuresLeft-- > 0) throw new EngineError('RECORD_REFUSED', 'no', { retriable: true });
      parked.push(letter);
    },
  };
  const folded: string[] = [];
  const folding = { failuresLeft: 0 };
  const digests: DigestIntake = {
    async fold({ tenantId, alarmId }, { methodId, status }) {
      if (folding.failuresLeft-- > 0) throw new EngineError('RECORD_REFUSED', 'no', { retriable: true });
      folded.push(`${tenantId} ${alarmId} ${methodId} ${status}`);
    },
  };
  const deps = { directory, deadLetters, digests, clock, random: () => 0.5, telemetry };
  const stage = new AlarmProcessor({ ttlMs }, deps);
  return { stage, directory, telemetry, parked, parking, folded, folding, clock };
}

/** The alarm of the ancestor's tests of 2014, at this instant in seconds. */
function alarm2014(timestamp: number, changes: Readonly<Record<string, unknown>> = {}): RawAlarm {
  const fields = {
    tenantId: '0',
    alarmId: '0',
    alarmDefinitionId: '0',
    alarmName: 'test Alarm',
    oldState: 'OK',
    newState: 'ALARM',
  };
  const more = { stateChangeReason: 'I am alarming!', actionsEnabled: 1, metrics: 'cpu_util', timestamp, ...changes };
  return rawMessage(JSON.stringify({ 'alarm-transitioned': { ...fields, ...more } }));
}

const nowSeconds = (clock: FakeClock) => clock.nowMs() / 1000;

test('10.1 (0,1): parks what is no alarm, with its bytes and the field, then finishes it', async () => {
  const { stage, parked, telemetry } = stageWith();
  const raw = rawMessage('{"alarm-transitioned":{"invalid":"invalid_alarm"}}');
  assert.deepEqual(await stage.process(raw, never), { kind: 'finish', reason: 'malformed' });
  const [letter] = parked;
  assert.deepEqual([letter?.reason, letter?.raw, letter?.position], ['malformed', raw.value, somewhere]);
  assert.match(letter?.detail ?? '', /alarmId: .* got nothing$/);
  assert.equal(telemetry.named('alarm_malformed').length, 1);
});

test('10.1 (0,2): finishes an alarm older than the ttl as expired, in seconds and in milliseconds', async () => {
  const { stage, directory } = stageWith();
  for (const timestamp of [1375346830, 1375346830042]) {
    assert.deepEqual(await stage.process(alarm2014(timestamp), never), { kind: 'finish', reason: 'expired' });
  }
  assert.equal(directory.askedCount, 0);
});

test('10.1 (0,3): finishes an alarm without rows as no_methods', async () => {
  const { stage, clock } = stageWith();
  assert.deepEqual(await stage.process(alarm2014(nowSeconds(clock)), never), { kind: 'finish', reason: 'no_methods' });
});

test('10.1 (0,4) and (0,5): forwards one notification per method, ordered by its id, under a stable identity', async () => {
  const { stage, clock, directory } = stageWith();
  for (const id of ['2', '1']) directory.add({ id }, ['0', 'ALARM']);
  const answer = await stage.process(alarm2014(nowSeconds(clock)), never);
  assert.ok(answer.kind === 'forward');
  const { notifications, position } = answer.item;
  assert.deepEqual(position, somewhere);
  assert.deepEqual(
    notifications.map(({ id, method, attempt, repeat }) => [id, method.id, attempt, repeat]),
    ['1', '2'].map((id) => [notificationId(somewhere, id), id, 1, 0]),
  );
  assert.ok(notifications.every(({ alarm }) => alarm === notifications[0].alarm && alarm.metrics.length === 0));
});

test('finishes a disabled alarm without asking', async () => {
  const { stage, clock, directory } = stageWith();
  const disabled = alarm2014(nowSeconds(clock), { actionsEnabled: false });
  assert.deepEqual(await stage.process(disabled, never), { kind: 'finish', reason: 'disabled' });
  assert.equal(directory.askedCount, 0);
});

test('lets an alarm exactly as old as the ttl pass, and one of the future; without a ttl all (D5)', async () => {
  const { stage, clock } = stageWith();
  const outcome = async (ageMs: number, on = stage) => {
    const answer = await on.process(alarmMessage({ timestamp: clock.nowMs() - ageMs }), never);
    return answer.kind === 'finish' ? answer.reason : 'forward';
  };
  assert.equal(await outcome(600_000), 'no_methods');
  assert.equal(await outcome(600_001), 'expired');
  assert.equal(await outcome(-86_400_000), 'no_methods');
  assert.equal(await outcome(1e12, stageWith({ ttlMs: undefined }).stage), 'no_methods');
});

test('expires nothing when the wall clock jumps (T1)', async () => {
  const clock = new FakeClock();
  let jumpMs = 0;
  const jumping = Object.assign(Object.create(clock) as FakeClock, {
    nowMs: () => clock.nowMs() + jumpMs,
    monoMs: () => clock.monoMs(),
    sleep: clock.sleep.bind(clock),
  });
  const { stage } = stageWith({ clock: jumping });
  const fresh = alarmMessage({ timestamp: clock.nowMs() });
  jumpMs = 10 * 365 * 86_400_000;
  assert.deepEqual(await stage.process(fresh, never), { kind: 'finish', reason: 'no_methods' });
});

test('F17: waits while the directory cannot answer, longer each time, and never takes that for no methods (M1)', async () => {
  const { stage, clock, directory } = stageWith();
  directory.add({ id: '1' }, ['d-1', 'ALARM']);
  directory.fail(8);
  const answer = stage.process(alarmMessage({ timestamp: clock.nowMs() }), never);
  const asked: number[] = [];
  for (const ms of [0, 75, 150, 300, 600, 1200, 2400, 3750, 3750]) {
    await clock.advance(ms);
    asked.push(directory.askedCount);
  }
  assert.deepEqual(asked, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal((await answer).kind, 'forward');
  assert.equal(clock.waitingCount, 0);
});

test('waits until a malformed message is parked', async () => {
  const { stage, clock, parked, parking } = stageWith();
  parking.failuresLeft = 2;
  const answer = stage.process(rawMessage('x'), never);
  await clock.advance(0);
  assert.equal(parked.length, 0);
  await clock.advance(1000);
  assert.deepEqual(await answer, { kind: 'finish', reason: 'malformed' });
  assert.equal(parked.length, 1);
});

test('tells the methods that were read of an alarm that far too many ask for, and parks it for the others (M4)', async () => {
  const { stage, clock, directory, parked, parking, telemetry } = stageWith();
  directory.add({ id: 'm-1' }, ['0', 'ALARM']);
  directory.unreadBeyond = 20_000;
  parking.failuresLeft = 1;
  const answer = stage.process(alarm2014(nowSeconds(clock)), never);
  await clock.advance(1000);
  const outcome = await answer;
  assert.equal(outcome.kind === 'forward' && outcome.item.notifications.length, 1);
  assert.deepEqual([parked.length, parked[0]?.reason, parked[0]?.position], [1, 'bad_method', somewhere]);
  assert.match(parked[0]?.detail ?? '', /^20000 methods or more .*; check alarm_action$/);
  assert.equal(telemetry.named('methods_unread').length, 1);
});

test('decides nothing when it is told to stop while it waits', async () => {
  const { stage, clock, directory } = stageWith();
  directory.fail(Number.POSITIVE_INFINITY);
  const stop = new AbortController();
  const answer = stage.process(alarmMessage({ timestamp: clock.nowMs() }), stop.signal);
  await clock.advance(0);
  stop.abort();
  await assert.rejects(answer, { code: 'ABORTED' });
  assert.equal(clock.waitingCount, 0);
});

test('counts decorating fields of a wrong type', async () => {
  const { stage, clock, telemetry } = stageWith();
  await stage.process(alarm2014(nowSeconds(clock)), never);
  assert.deepEqual(
    telemetry.named('alarm_field_defaulted').map(({ field }) => field),
    ['metrics'],
  );
});

test('closes the directory that it was given', async () => {
  const { stage, directory } = stageWith();
  await stage.close();
  assert.equal(directory.isClosed, true);
});

test('a replayed alarm is told under the id of its first place, and its time to live begins anew', async () => {
  const { stage, directory, clock } = stageWith();
  directory.add({ id: 'm' }, ['0', 'ALARM']);
  const again = { ...somewhere, offset: 900n };
  const replay = { source: somewhere, reason: 'killed_workers' } as const;
  const item = { ...alarm2014(1375346830), position: again, recordedAtMs: clock.nowMs(), replay };
  const outcome = await stage.process(item, never);
  assert.ok(outcome.kind === 'forward');
  const [notification] = outcome.item.notifications;
  assert.deepEqual([outcome.item.position, notification.position], [again, again]);
  assert.deepEqual([notification.id, notification.alarm.position], [notificationId(somewhere, 'm'), somewhere]);
  assert.deepEqual(notification.replay, { atMs: clock.nowMs(), reason: 'killed_workers' });
  const late = { ...item, recordedAtMs: clock.nowMs() - 600_001 };
  assert.deepEqual(await stage.process(late, never), { kind: 'finish', reason: 'expired' });
});

test('a replayed message that is still no alarm is parked under its first place again', async () => {
  const { stage, parked } = stageWith();
  const replay = { source: somewhere, reason: 'malformed' } as const;
  await stage.process({ ...rawMessage('not json'), position: { ...somewhere, offset: 900n }, replay }, never);
  assert.deepEqual(parked[0]?.position, somewhere);
});

test('finishes a copy of an event as duplicate, and asks nobody', async () => {
  const { stage, clock, directory } = stageWith();
  directory.add({ id: '1' }, ['0', 'ALARM']);
  const copy: RawAlarm = { ...alarm2014(nowSeconds(clock)), isKnown: true };
  assert.deepEqual(await stage.process(copy, never), { kind: 'finish', reason: 'duplicate' });
  assert.equal(directory.askedCount, 0);
});

test('forwards a repeat that is young although the change it repeats is older than the ttl', async () => {
  const { stage, clock, directory } = stageWith();
  directory.add({ id: '1' }, ['0', 'ALARM']);
  const changedAt = new Date(clock.nowMs() - 18_000_000).toISOString();
  const repeat = alarm2014(nowSeconds(clock), { kind: 'repeat', oldState: 'ALARM', changedAt });
  assert.equal((await stage.process(repeat, never)).kind, 'forward');
});

const digested = { kind: 'finish', reason: 'digested' };

test('folds an alarm into the digests of those who asked for them, and tells the others at once', async () => {
  const { stage, clock, directory, folded } = stageWith();
  directory.add({ id: '1' }, ['0', 'ALARM']);
  directory.add({ id: '2' }, ['0', 'ALARM']);
  directory.wantDigests('2');
  const answer = await stage.process(alarm2014(nowSeconds(clock)), never);
  assert.ok(answer.kind === 'forward');
  assert.deepEqual(
    answer.item.notifications.map(({ method }) => method.id),
    ['1'],
  );
  assert.deepEqual(folded, ['0 0 2 CRITICAL']);
});

test('finishes an alarm that is only for digests as digested, once it is durable there', async () => {
  const { stage, clock, directory, folded, folding } = stageWith();
  directory.add({ id: '2' }, ['0', 'ALARM']);
  directory.wantDigests('2');
  folding.failuresLeft = 2;
  const answer = stage.process(alarm2014(nowSeconds(clock)), never);
  await clock.advance(0);
  assert.deepEqual(folded, []);
  await clock.advance(1000);
  assert.deepEqual(await answer, digested);
  assert.deepEqual(folded, ['0 0 2 CRITICAL']);
});

test('a digest method hears of every state: one that it did not ask for ends the alarm there', async () => {
  const { stage, clock, directory, folded } = stageWith();
  directory.add({ id: '2' }, ['0', 'ALARM']);
  directory.wantDigests('2');
  assert.deepEqual(await stage.process(alarm2014(nowSeconds(clock), { newState: 'OK' }), never), digested);
  directory.add({ id: '3' }, ['0', 'OK']);
  directory.wantDigests('3');
  await stage.process(alarm2014(nowSeconds(clock), { severity: 'LOW' }), never);
  assert.deepEqual(folded, ['0 0 2 OK', '0 0 2 WARNING', '0 0 3 OK']);
});

test('an alarm older than the ttl still goes into digests, and to nobody else', async () => {
  const { stage, directory, folded } = stageWith();
  directory.add({ id: '1' }, ['0', 'ALARM']);
  directory.add({ id: '2' }, ['0', 'ALARM']);
  directory.wantDigests('2');
  assert.deepEqual(await stage.process(alarm2014(1375346830), never), digested);
  assert.deepEqual(folded, ['0 0 2 CRITICAL']);
});

test('what is no change of state, has no known state or is disabled goes into no digest, counted by reason', async () => {
  const { stage, clock, directory, folded, telemetry } = stageWith();
  for (const state of ['ALARM', 'UNDETERMINED']) directory.add({ id: '2' }, ['0', state]);
  directory.wantDigests('2');
  const cases = [
    [{ kind: 'repeat' }, 'not_folded'],
    [{ newState: 'UNDETERMINED' }, 'not_folded'],
    [{ actionsEnabled: false }, 'disabled'],
  ] as const;
  for (const [changes, reason] of cases) {
    const answer = await stage.process(alarm2014(nowSeconds(clock), changes), never);
    assert.deepEqual(answer, { kind: 'finish', reason });
  }
  assert.deepEqual(folded, []);
  assert.deepEqual(
    telemetry.named('alarm_not_folded').map(({ reason }) => reason),
    ['repeat', 'unknown_status'],
  );
});
