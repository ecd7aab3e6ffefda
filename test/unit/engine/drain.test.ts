import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drain } from '../../../src/engine/drain.js';
import { runStopSteps } from '../../../src/engine/stop.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

function setUp(unfinished: () => number, away: () => readonly string[] = () => []) {
  const clock = new FakeClock();
  const telemetry = new RecordingTelemetry();
  const force = new AbortController();
  const options = {
    clock,
    telemetry,
    deadlineMs: 18_000,
    patienceMs: 2_000,
    unfinishedCount: unfinished,
    away,
    waiting: () => ({ alarms: 3 }),
  };
  let how: string | undefined;
  void drain(options, force.signal).then((result) => {
    how = result;
  });
  return { clock, telemetry, force, how: () => how };
}

describe('drain', () => {
  it('ends when nothing is under way', async () => {
    let left = 3;
    const { clock, how } = setUp(() => left);
    await clock.advance(100);
    assert.equal(how(), undefined);
    left = 1;
    await clock.advance(100);
    assert.equal(how(), undefined);
    left = 0;
    await clock.advance(100);
    assert.equal(how(), 'drained');
  });

  it('is cut short at its deadline, and says who was waited for meanwhile', async () => {
    const { clock, telemetry, how } = setUp(() => 3);
    await clock.advance(17_000);
    assert.equal(how(), undefined);
    assert.deepEqual(telemetry.named('stop_slow').at(-1), { unfinished: 3, waiting: { alarms: 3 } });
    await clock.advance(2_000);
    assert.equal(how(), 'cut_short');
    assert.equal(telemetry.named('stop_forced').length, 1);
  });

  it('does not wait for an outside system that is away once nothing moves any more', async () => {
    const { clock, how } = setUp(
      () => 3,
      () => ['mysql'],
    );
    await clock.advance(1_900);
    assert.equal(how(), undefined);
    await clock.advance(200);
    assert.equal(how(), 'cut_short');
  });

  it('goes on while something moves, whatever is away', async () => {
    let left = 1_000;
    const { clock, how } = setUp(
      () => left--,
      () => ['mysql'],
    );
    await clock.advance(3_000);
    assert.equal(how(), undefined);
  });

  it('does not wait either while all that moves are time-outs of a system that is away', async () => {
    let left = 1_000;
    const { clock, how } = setUp(
      () => left--,
      () => ['email relay'],
    );
    await clock.advance(3_900);
    assert.equal(how(), undefined);
    await clock.advance(200);
    assert.equal(how(), 'cut_short');
  });

  it('ends at once when it is forced', async () => {
    const { clock, force, how } = setUp(() => 3);
    await clock.advance(100);
    force.abort();
    await clock.advance(1);
    assert.equal(how(), 'cut_short');
  });
});

describe('stop steps', () => {
  it('runs every step in order, though one fails and one hangs', async () => {
    const clock = new FakeClock();
    const telemetry = new RecordingTelemetry();
    const ran: string[] = [];
    const step = (name: string, run: () => Promise<unknown>) => ({
      name,
      limitMs: 1_000,
      run: () => {
        ran.push(name);
        return run();
      },
    });
    const steps = [
      step('fails', () => Promise.reject(new Error('no'))),
      step('hangs', () => new Promise(() => undefined)),
      step('works', () => Promise.resolve()),
    ];
    const running = runStopSteps(steps, clock, telemetry);
    await clock.advance(1_001);
    await running;
    assert.deepEqual(ran, ['fails', 'hangs', 'works']);
    assert.deepEqual(
      telemetry.named('stop_step_failed').map((fields) => fields.detail),
      ['no', 'took too long'],
    );
    assert.equal(clock.waitingCount, 0);
  });
});
