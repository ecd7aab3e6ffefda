import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { types } from 'node:util';
import { MysqlPool } from '../../../../src/adapters/mysql/pool.js';
import { Secret } from '../../../../src/domain/secret.js';
import type { Clock } from '../../../../src/ports/system.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../../support/fakes/recording-telemetry.js';

/** How much a signal holds of others that wait for it: listeners, and what Node keeps of signals that were made of it. */
function heldBy(signal: AbortSignal): number {
  const inside: readonly unknown[] = Object.getOwnPropertySymbols(signal).map((name) => Reflect.get(signal, name));
  const dependents = inside.filter((value) => types.isSet(value)).map(({ size }) => size);
  return dependents.reduce((sum, size) => sum + size, getEventListeners(signal, 'abort').length);
}

test('a question to MySQL leaves nothing behind on the signals that outlive it', async (t) => {
  // Over before it begins, so that nothing is connected.
  const limit: Clock['limit'] = () => ({ signal: AbortSignal.abort(), expired: true, clear: () => undefined });
  const heard = new Set<AbortSignal>();
  const listen = AbortSignal.prototype.addEventListener;
  t.mock.method(
    AbortSignal.prototype,
    'addEventListener',
    function (this: AbortSignal, ...given: Parameters<typeof listen>) {
      heard.add(this);
      listen.apply(this, given);
    },
  );
  const pool = new MysqlPool(
    {
      ...{ host: 'mysql.invalid', port: 3306, user: 'u', password: new Secret('p'), db: 'mon', ssl: undefined },
      ...{ lookup: 'auto', connections: 1, queryTimeoutMs: 100 },
    },
    { clock: Object.assign(new FakeClock(), { limit }), telemetry: new RecordingTelemetry() },
  );
  const { signal } = new AbortController();
  heard.add(signal);
  for (let at = 0; at < 50; at += 1) {
    await assert.rejects(pool.query({ what: 'nothing', sql: 'SELECT 1', values: [], signal }));
  }
  assert.ok(heard.size > 0);
  assert.deepEqual(
    [...heard].map(heldBy),
    [...heard].map(() => 0),
  );
  await pool.close();
});
