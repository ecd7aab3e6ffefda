import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellMissedStarts } from '../../../src/cli/monitor-telemetry.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

test('starts that were missed together are told once and counted each', () => {
  const telemetry = new RecordingTelemetry();
  tellMissedStarts(telemetry, 3);
  tellMissedStarts(telemetry, 1);
  assert.deepEqual(telemetry.named('endpoint_starts_missed'), [{ count: 3 }, { count: 1 }]);
  assert.equal(telemetry.counts.get('monitor_endpoints_starts_missed_total'), 4);
});
