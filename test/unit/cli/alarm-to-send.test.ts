import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { alarmOptions, alarmToSend } from '../../../src/cli/alarm-to-send.js';
import type { Command } from '../../../src/cli/command.js';
import { readArguments } from '../../../src/cli/command-line.js';
import { secondsOption } from '../../../src/cli/seconds-option.js';
import { alarmFields } from '../../support/alarms.js';
import { privateFolder } from '../../support/config-file.js';

const nowMs = 1_700_000_000_000;
const command: Command = {
  options: { ...alarmOptions, timeout: { value: 'SECONDS', description: '' } },
  run: async () => 0,
};
const made = (...words: string[]) => alarmToSend(readArguments(command, words), nowMs);

describe('an alarm from the command line', () => {
  it('has every key that any consumer asks for, and one our engine reads', () => {
    const { key, value, alarm } = made(
      '--alarm-id',
      'a-1',
      '--state',
      'ALARM',
      '--definition-id',
      'd-1',
      '--tenant',
      't-1',
    );
    assert.equal(key, 't-1');
    const fields = JSON.parse(value)['alarm-transitioned'];
    assert.deepEqual(Object.keys(fields).sort(), Object.keys(alarmFields()).sort());
    assert.deepEqual(
      [alarm?.alarmId, alarm?.alarmDefinitionId, alarm?.newState, alarm?.oldState, alarm?.changedAtMs],
      ['a-1', 'd-1', 'ALARM', 'OK', nowMs],
    );
  });

  it('changes to OK from ALARM, and needs no definition', () => {
    const { alarm } = made('--alarm-id', 'a-1', '--state', 'OK');
    assert.deepEqual([alarm?.oldState, alarm?.alarmDefinitionId], ['ALARM', undefined]);
  });

  it('is described whole, and in one way', () => {
    for (const words of [[], ['--alarm-id', 'a'], ['--state', 'OK']])
      assert.throws(() => made(...words), /describe the/);
    assert.throws(() => made('--alarm', 'f', '--state', 'OK'), /--state does not go together with --alarm/);
  });
});

describe('an alarm from a file', () => {
  it('is the message, or the object inside', (t) => {
    const file = join(privateFolder(t), 'alarm.json');
    const whole = { 'alarm-transitioned': alarmFields({ unknown: 1 }) };
    for (const content of [whole, whole['alarm-transitioned']]) {
      writeFileSync(file, JSON.stringify(content));
      const { key, value, problem } = made('--alarm', file);
      assert.deepEqual([key, JSON.parse(value), problem], ['t-17', whole, undefined]);
    }
  });

  it('may be one that the engine cannot read, which is said', (t) => {
    const file = join(privateFolder(t), 'alarm.json');
    writeFileSync(file, '{"alarm-transitioned": []}');
    assert.match(made('--alarm', file).problem ?? '', /malformed alarm: .*expected an object/);
  });

  it('must be a JSON object', (t) => {
    const file = join(privateFolder(t), 'alarm.json');
    for (const content of ['', '[]', '"x"', '{']) {
      writeFileSync(file, content);
      assert.throws(() => made('--alarm', file), /expected (JSON|a JSON object)/);
    }
    assert.throws(() => made('--alarm', join(file, 'x')), /expected a readable file/);
  });
});

describe('a number of seconds', () => {
  const read = (text: string) => secondsOption(readArguments(command, [`--timeout=${text}`]), 'timeout', 1);

  it('may have a fraction', () => assert.deepEqual([read('30'), read('0.5')], [30_000, 500]));

  for (const text of ['0', '-1', 'soon', '1e3', '86401', '1 ']) {
    it(`is not ${JSON.stringify(text)}`, () => assert.throws(() => read(text), /--timeout: expected seconds/));
  }
});
