import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeAlarmEvent } from '../../../src/domain/alarm-event.js';
import { EngineError } from '../../../src/domain/errors.js';
import { orderKeyOf, readAlarm } from '../../../src/domain/parse-alarm.js';
import { ProducerState } from '../../../src/producers/producer-state.js';
import { alarmEvent, rawMessage, somewhere } from '../../support/alarms.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { MemoryStore } from '../../support/fakes/memory-store.js';
import { fuzzRuns } from '../../support/fuzz-runs.js';
import { fuzzTexts } from '../../support/fuzz-texts.js';

const event = encodeAlarmEvent({ ...alarmEvent, labels: { team: 'blue' } }).value;
const change = '{"AlarmID":"x-1","UserID":"u-1","Status":"CRITICAL","ChangedAt":"2021-06-07T20:40:15.598765212Z"}';

const count = fuzzRuns(100_000).numRuns;

for (const [what, good] of [
  ['an event', event],
  ['an AlarmStatusChanged', change],
] as const) {
  it(`each of very many messages made of ${what} is an alarm or malformed, and nothing else (D1)`, () => {
    const seen = { alarms: 0, malformed: 0 };
    for (const text of fuzzTexts(good, count, 3)) {
      const raw = rawMessage(text);
      assert.ok(orderKeyOf(raw.value, somewhere).length > 0);
      try {
        const { alarm } = readAlarm(raw);
        assert.ok(alarm.alarmId !== '' && Number.isFinite(alarm.changedAtMs), text);
        seen.alarms += 1;
      } catch (error) {
        assert.ok(error instanceof EngineError && error.code === 'ALARM_MALFORMED', text);
        seen.malformed += 1;
      }
    }
    assert.equal(seen.alarms + seen.malformed, count);
    assert.ok(seen.alarms > count / 100 && seen.malformed > count / 100, JSON.stringify(seen));
  });
}

it('each of very many state files is read or put aside', async () => {
  const kept = { status: 'WARNING', acceptedAtMs: 3, changedAtMs: 2, issuedAtMs: 2, sequence: 7 };
  const good = JSON.stringify([{ scope: 's', key: 'a', ...kept }]);
  const seen = { read: 0, aside: 0 };
  const options = { scope: 's', clock: new FakeClock(), onWrite: () => undefined };
  for (const text of fuzzTexts(good, count, 4)) {
    const store = new MemoryStore(text);
    const { problem } = await ProducerState.open(store, options);
    if (problem === undefined) seen.read += 1;
    else {
      assert.equal(store.aside, text);
      seen.aside += 1;
    }
  }
  assert.equal(seen.read + seen.aside, count);
  assert.ok(seen.read > count / 100 && seen.aside > count / 100, JSON.stringify(seen));
});
