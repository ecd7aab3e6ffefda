import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EngineError } from '../../../src/domain/errors.js';
import { orderKeyOf, parseAlarm, readAlarm } from '../../../src/domain/parse-alarm.js';
import { alarmFields, alarmMessage, rawMessage, somewhere } from '../../support/alarms.js';

const march2014 =
  '{"alarm-transitioned":{"tenantId":"0","alarmId":"0","alarmName":"test Alarm","oldState":"OK","newState":"ALARM",\n "stateChangeReason":"I am alarming!","timestamp":1395346830}}';

function problemOf(value: string | Uint8Array): string {
  try {
    parseAlarm(rawMessage(value));
  } catch (error) {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, 'ALARM_MALFORMED');
    assert.equal(error.retriable, false);
    assert.equal(error.cause, undefined);
    return error.message.replace('malformed alarm: ', '');
  }
  return 'none';
}

function problemWith(changes: Readonly<Record<string, unknown>>): string {
  return problemOf(alarmMessage(changes).value);
}

test('reads an alarm of March 2014, which has neither definition nor actionsEnabled', () => {
  const alarm = parseAlarm(rawMessage(march2014));
  assert.deepEqual(alarm, {
    position: somewhere,
    actionsEnabled: true,
    alarmId: '0',
    alarmDefinitionId: undefined,
    alarmName: 'test Alarm',
    newState: 'ALARM',
    oldState: 'OK',
    stateChangeReason: 'I am alarming!',
    tenantId: '0',
    changedAtMs: 1395346830000,
    alarmDescription: '',
    severity: undefined,
    link: undefined,
    lifecycleState: undefined,
    metrics: [],
    recordedAtMs: 1429023454000,
    rawAlarm: march2014.slice('{"alarm-transitioned":'.length, -1),
  });
});

test('reads an alarm of the final generation, each field from its own place', () => {
  const alarm = parseAlarm(alarmMessage());
  const { position, recordedAtMs, rawAlarm, changedAtMs, ...fields } = alarm;
  const { subAlarms, timestamp, ...expected } = alarmFields();
  assert.deepEqual(fields, expected);
  assert.equal(changedAtMs, timestamp);
  assert.deepEqual(JSON.parse(rawAlarm), alarmFields());
  assert.deepEqual([position, recordedAtMs, subAlarms], [somewhere, 1429023454000, []]);
});

const timestamps: readonly (readonly [number, number])[] = [
  [1395346830, 1395346830000],
  [1403000000.25, 1403000000250],
  [1395346830.123, 1395346830123],
  [1395346830.9999, 1395346830999],
  [1429023453632, 1429023453632],
  [1429023453632.9, 1429023453632],
  [99999999999, 99999999999000],
  [1e11, 1e11],
  [0.0001, 0],
];
for (const [timestamp, changedAtMs] of timestamps) {
  test(`takes the timestamp ${timestamp} for ${changedAtMs} ms`, () => {
    assert.equal(parseAlarm(alarmMessage({ timestamp })).changedAtMs, changedAtMs);
  });
}

const unreadable: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['text that is not JSON', 'not json', /^the message is not JSON$/],
  ['single quotes', "{ 'invalid_json': true }", /^the message is not JSON$/],
  ['a tombstone', '', /^the message is empty$/],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /^the message is not UTF-8$/],
  ['a list', '[]', /^the message: expected an object, got a list$/],
  ['a text', '"text"', /^the message: expected an object/],
  ['null', 'null', /^the message: expected an object, got null$/],
  ['an empty object', '{}', /^alarm-transitioned: expected an object, got nothing$/],
  ['another root key', '{"alarm-created":{}}', /^alarm-transitioned: expected an object, got nothing$/],
  ['an inherited root', '{"__proto__":{"alarm-transitioned":{}}}', /^alarm-transitioned: .* got nothing$/],
  ['an alarm that is a list', '{"alarm-transitioned":[]}', /^alarm-transitioned: expected an object, got a list$/],
  ['an alarm without fields', '{"alarm-transitioned":{"invalid":"invalid_alarm"}}', /^alarmId: .* got nothing$/],
  ['a list 100,000 deep', '['.repeat(1e5), /^the message is nested deeper than 100 levels$/],
  ['a closed list 100,000 deep', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, /^the message is nested deeper/],
  ['a hundred thousand values', `{"alarm-transitioned":{},"x":[${'0,'.repeat(1e5)}0]}`, /^the message holds more than/],
  ['more than 1 MiB', ' '.repeat(1024 * 1024 + 1), /^the message has 1048577 bytes, more than 1048576$/],
];
for (const [what, value, problem] of unreadable) {
  test(`refuses ${what}`, () => assert.match(problemOf(value), problem));
}

const wrongFields: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
  [{ actionsEnabled: null }, /^actionsEnabled: .* got null$/],
  [{ actionsEnabled: 2 }, /^actionsEnabled: /],
  [{ actionsEnabled: 'true' }, /^actionsEnabled: /],
  [{ alarmId: undefined, tenantId: undefined }, /^alarmId: .* got nothing$/],
  [{ alarmId: '' }, /^alarmId: .* got an empty text$/],
  [{ alarmId: 1.5 }, /^alarmId: /],
  [{ alarmId: 2 ** 53 }, /^alarmId: /],
  [{ alarmId: 'x'.repeat(256) }, /^alarmId: .* got a text of 256 characters$/],
  [{ alarmDefinitionId: {} }, /^alarmDefinitionId: .* got an object$/],
  [{ alarmName: undefined }, /^alarmName: expected a text, got nothing$/],
  [{ newState: 7 }, /^newState: /],
  [{ oldState: 'x'.repeat(21) }, /^oldState: expected a text of at most 20 characters/],
  [{ stateChangeReason: null }, /^stateChangeReason: expected a text, got null$/],
  [{ tenantId: true }, /^tenantId: .* got a boolean$/],
  [{ timestamp: '1429023453632' }, /^timestamp: expected a number above 0, got a text of 13 characters$/],
  [{ timestamp: null }, /^timestamp: /],
  [{ timestamp: 0 }, /^timestamp: /],
  [{ timestamp: -1 }, /^timestamp: /],
  [{ timestamp: 1e300 }, /^timestamp: /],
];
for (const [changes, problem] of wrongFields) {
  test(`refuses ${JSON.stringify(changes).slice(0, 60)}`, () => assert.match(problemWith(changes), problem));
}

test('refuses a timestamp that is no finite number once parsed', () => {
  assert.match(problemOf(march2014.replace('1395346830', '1e400')), /^timestamp: /);
});

test('never quotes the message in an error', () => {
  const secret = 'canary-4711';
  assert.doesNotMatch(problemOf(`{"alarm-transitioned":{"alarmId":["${secret}"]}}`), /canary/);
  assert.doesNotMatch(problemOf(`{"${secret}`), /canary/);
});

test('takes ids that are whole numbers as decimal text', () => {
  const alarm = parseAlarm(alarmMessage({ alarmId: 0, tenantId: -12, alarmDefinitionId: 9007199254740991 }));
  assert.deepEqual([alarm.alarmId, alarm.tenantId, alarm.alarmDefinitionId], ['0', '-12', '9007199254740991']);
});

test('takes an absent, null or empty definition as none', () => {
  for (const alarmDefinitionId of [undefined, null, '']) {
    assert.equal(parseAlarm(alarmMessage({ alarmDefinitionId })).alarmDefinitionId, undefined);
  }
});

test('takes 1 and 0 as true and false', () => {
  assert.equal(parseAlarm(alarmMessage({ actionsEnabled: 1 })).actionsEnabled, true);
  assert.equal(parseAlarm(alarmMessage({ actionsEnabled: 0 })).actionsEnabled, false);
});

test('leaves out decorating fields of a wrong type and says which', () => {
  const changes = {
    metrics: 'cpu_util',
    severity: 3,
    link: {},
    lifecycleState: [],
    alarmDescription: 1,
    subAlarms: 'x',
  };
  const { alarm, defaulted } = readAlarm(alarmMessage(changes));
  assert.deepEqual(
    [alarm.metrics, alarm.severity, alarm.link, alarm.lifecycleState, alarm.alarmDescription],
    [[], undefined, undefined, undefined, ''],
  );
  assert.deepEqual([...defaulted].sort(), Object.keys(changes).sort());
});

test('takes null in a decorating field as absent, without a word', () => {
  const nulls = {
    metrics: null,
    severity: null,
    link: null,
    lifecycleState: null,
    alarmDescription: null,
    subAlarms: null,
  };
  const { alarm, defaulted } = readAlarm(alarmMessage(nulls));
  assert.deepEqual([alarm.metrics, alarm.link, alarm.alarmDescription, defaulted], [[], undefined, '', []]);
});

test('keeps the text of the alarm letter by letter', () => {
  const inner =
    '{ "big":12345678901234567890,"one":1.0 , "e":1e400,\n"name":"\\u00e9","__proto__":{"a":1},"dup":1,"dup":2,';
  const rest =
    '"alarmId":"a","alarmName":"n","oldState":"OK","newState":"ALARM","stateChangeReason":"}],:{\\"","tenantId":"t","timestamp":1}';
  const alarm = parseAlarm(
    rawMessage(
      `\ufeff { "before" : [1,{"alarm-transitioned":2}] , "alarm-transitioned"\t:  ${inner}${rest} \n, "after":0}`,
    ),
  );
  assert.equal(alarm.rawAlarm, inner + rest);
  assert.equal(({} as { a?: unknown }).a, undefined);
});

test('writes the alarm anew where an escaped name could hide a second one', () => {
  const first = JSON.stringify(alarmFields({ alarmId: 'first' }));
  const second = JSON.stringify(alarmFields({ alarmId: 'second' }));
  const alarm = parseAlarm(rawMessage(`{"alarm-transitioned":${first},"alarm\\u002dtransitioned":${second}}`));
  assert.equal(alarm.alarmId, 'second');
  assert.deepEqual(JSON.parse(alarm.rawAlarm), JSON.parse(second));
});

test('passes the fields of newer producers through in the text', () => {
  const newer = { status: 'CRITICAL', changedAt: '2026-03-01T10:00:15.123456789Z', sequence: 7, labels: { a: 'b' } };
  const raw = JSON.parse(parseAlarm(alarmMessage(newer)).rawAlarm) as Record<string, unknown>;
  for (const [field, value] of Object.entries(newer)) assert.deepEqual(raw[field], value);
});

test('reads or refuses any JSON and any bytes, and its text is always JSON of the same value', () => {
  const values = fc.record(
    {
      tenantId: fc.oneof(fc.string(), fc.integer()),
      alarmId: fc.oneof(fc.string(), fc.integer(), fc.jsonValue()),
      metrics: fc.jsonValue(),
      extra: fc.jsonValue(),
      timestamp: fc.oneof(fc.double(), fc.integer()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 4 }), (changes, indent) => {
      const text = JSON.stringify({ 'alarm-transitioned': { ...alarmFields(), ...changes } }, undefined, indent);
      const problem = problemOf(text);
      if (problem !== 'none') return;
      const { rawAlarm } = parseAlarm(rawMessage(text));
      assert.deepEqual(JSON.parse(rawAlarm), (JSON.parse(text) as Record<string, unknown>)['alarm-transitioned']);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.notEqual(problemOf(bytes), 'none')));
});

test('keeps all transitions of one alarm under one key, however they are written', () => {
  const spellings = [
    '{"alarm-transitioned":{"alarmId":"a 1","x":0}}',
    '{"alarm-transitioned":{"x":0, "alarmId" : "a 1"}}',
    '{"alarm-transitioned":{"alarmId":"a\\u00201"}}',
    '{"alarm-transitioned":{"metrics":[{"alarmId":"other"}],"alarmId":"a 1"}}',
    '{"alarm-transitioned":{"alarmId":"other","alarmId":"a 1"}}',
  ];
  for (const text of spellings) assert.equal(orderKeyOf(Buffer.from(text), somewhere), 'a 1');
  assert.equal(orderKeyOf(Buffer.from('{"alarm-transitioned":{"alarmId":12}}'), somewhere), '12');
});

test('keeps order keys within 64 characters, and by position where there is no alarm', () => {
  const long = 'x'.repeat(65);
  const key = orderKeyOf(Buffer.from(`{"alarm-transitioned":{"alarmId":"${long}"}}`), somewhere);
  assert.match(key, /^[\w-]{43}$/);
  for (const text of ['', 'nonsense', '{"alarm-transitioned":{"alarmId":[]}}', '['.repeat(1e5)]) {
    assert.equal(orderKeyOf(Buffer.from(text), somewhere), 'alarm-state-transitions/3@812');
  }
  assert.ok(orderKeyOf(Buffer.from(''), { ...somewhere, topic: 't'.repeat(249) }).length <= 64);
});
