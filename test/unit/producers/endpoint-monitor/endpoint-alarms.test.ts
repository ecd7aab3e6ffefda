import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckResult } from '../../../../src/producers/endpoint-monitor/check-result.js';
import {
  alarmOfKey,
  endpointAlarms,
  findingOf,
  reasonOf,
} from '../../../../src/producers/endpoint-monitor/endpoint-alarms.js';
import { endpointOf, endpointsOf } from '../../../support/endpoints.js';

const owner = { tenantId: 't', definitionId: undefined };
const endpoint = endpointOf({
  name: 'login',
  url: 'https://u:canary@h/login',
  headers: { cookie: 'canary' },
  body: 'canary',
});
const result = (facts: Partial<CheckResult>): CheckResult => {
  return { endpoint, grade: 'up', latencyMs: 80.4, status: 200, cause: undefined, detail: undefined, ...facts };
};

describe('the alarm of an endpoint', () => {
  it('has an id of its name, method and URL, and of the ordinal of equal ones', () => {
    const all = endpointsOf({ name: 'a' }, { name: 'a' }, { name: 'b' }, { name: 'a', method: 'HEAD' });
    const alarms = [...endpointAlarms(all, owner).values()];
    assert.equal(new Set(alarms.map(({ alarmId }) => alarmId)).size, 4);
    const [first] = endpointAlarms(endpointsOf({ name: 'b' }, { name: 'a' }), owner).values();
    assert.equal(first?.alarmId, alarms[2]?.alarmId);
    assert.match(first?.alarmId ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(first?.alarmDefinitionId, first?.alarmId);
  });

  it('keeps its id when the password changes, and holds no secret', () => {
    const [alarm] = endpointAlarms([endpoint], owner).values();
    const [other] = endpointAlarms([endpointOf({ name: 'login', url: 'https://u:new@h/login' })], owner).values();
    assert.equal(alarm?.alarmId, other?.alarmId);
    assert.deepEqual([alarm?.name, alarm?.description], ['login', 'GET https://h/login']);
    assert.doesNotMatch(JSON.stringify([alarm, findingOf(result({}), 0)]), /canary/);
  });

  it('is found again by its key when the endpoint is gone', () => {
    const [alarm] = endpointAlarms([endpoint], owner).values();
    assert.deepEqual(alarmOfKey(alarm?.key ?? '', owner), alarm);
    for (const key of ['', '{}', '[1,2,3]', '["a"]', 'null']) assert.equal(alarmOfKey(key, owner), undefined);
  });

  it('has the definition that is given for all', () => {
    const [alarm] = endpointAlarms([endpoint], { ...owner, definitionId: 'all' }).values();
    assert.equal(alarm?.alarmDefinitionId, 'all');
  });
});

describe('what a check says', () => {
  const cases: readonly (readonly [facts: Partial<CheckResult>, status: string, reason: string])[] = [
    [{}, 'OK', 'recovered: 200 after 80 ms'],
    [{ grade: 'degraded', latencyMs: 730 }, 'WARNING', 'slow: 200 after 730 ms'],
    [{ grade: 'down', status: 503, cause: 'status', latencyMs: 120 }, 'CRITICAL', 'status 503 after 120 ms'],
    [
      { grade: 'down', status: undefined, cause: 'timeout', detail: 'no answer within 14 s' },
      'CRITICAL',
      'no answer within 14 s',
    ],
    [
      { grade: 'down', status: undefined, cause: 'connect', detail: 'ECONNREFUSED', latencyMs: 2.6 },
      'CRITICAL',
      'connect failure after 3 ms: ECONNREFUSED',
    ],
  ];
  for (const [facts, status, reason] of cases) {
    it(`is ${status} with ${reason}`, () => {
      const finding = findingOf(result(facts), 5);
      assert.deepEqual([finding.status, finding.reason, reasonOf(result(facts))], [status, reason, reason]);
    });
  }

  it('carries what is known of the answer', () => {
    assert.deepEqual(findingOf(result({ grade: 'down', status: 503, cause: 'status' }), 5).details, {
      ...{ httpStatus: 503, latencyMs: 80, url: 'https://h/login', method: 'GET' },
    });
    const refused = result({ grade: 'down', status: undefined, cause: 'connect', detail: 'ECONNREFUSED' });
    assert.equal(findingOf(refused, 5).details?.error, 'ECONNREFUSED');
  });
});
