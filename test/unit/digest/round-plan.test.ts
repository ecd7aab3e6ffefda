import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DigestStates } from '../../../src/digest/digest-states.js';
import { RoundPlan } from '../../../src/digest/round-plan.js';
import type { AlarmState, SentVersion, TakenMessage } from '../../../src/ports/digest.js';
import { userRules } from '../../support/digest/memory-broker.js';

/** More than one call can take as arguments. */
const manyCount = 200_000;
const owner = { userId: 'u', methodId: undefined };
const taken: TakenMessage = { subject: 's', form: 'command', value: Buffer.of(), place: 'p', isRepeated: false };

/** One user with many alarms, and a round that nothing is in yet. */
function manyAlarms(changes: Partial<AlarmState> = {}) {
  const alarm = { status: 'CRITICAL', sequence: -1, toSend: true, version: 1, storedAtMs: 0, ...changes } as const;
  const states = new DigestStates();
  const versions: SentVersion[] = [];
  for (let at = 0; at < manyCount; at += 1) {
    const alarmId = `a-${at}`;
    states.restore({
      ...owner,
      kind: 'alarm',
      alarmId,
      alarm: { ...alarm, changedAt: { epochNs: BigInt(at), text: '' } },
    });
    versions.push({ alarmId, version: 1 });
  }
  return { states, versions, plan: new RoundPlan<TakenMessage>(states, userRules, 900_000, 1) };
}

describe('a round of one user with 200,000 alarms', () => {
  it('sends and clears all that a command asks for', () => {
    const { states, plan } = manyAlarms();
    plan.add(taken, { kind: 'command', command: owner });
    const { digests, cleared } = plan.round();
    assert.equal(digests.flatMap(({ alarms }) => alarms).length, manyCount);
    assert.deepEqual([cleared.length, states.figures().pending], [manyCount, 0]);
  });

  it('clears all that a former process sent, and forgets those that are over', () => {
    const { states, versions, plan } = manyAlarms({ status: 'CLEARED' });
    plan.settle({ ...owner, kind: 'sent', digestId: 'd', alarms: versions });
    assert.deepEqual([plan.round().cleared.length, states.figures().pending], [manyCount + 1, 0]);
    plan.forget(1, manyCount);
    assert.deepEqual([plan.round().cleared.length, states.figures().tombstones], [2 * manyCount + 1, 0]);
  });
});
