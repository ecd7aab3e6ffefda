import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FromWorker, ToWorker } from '../../../src/runtime/protocol.js';
import { serveWorker, type WorkerParts } from '../../../src/runtime/worker-host.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';

function setUp(build: () => Promise<WorkerParts>) {
  const clock = new FakeClock();
  const sent: FromWorker[] = [];
  const exits: number[] = [];
  let say: (message: ToWorker) => void = () => undefined;
  const link = {
    send: (message: FromWorker) => void sent.push(message),
    onMessage: (hear: (message: ToWorker) => void) => {
      say = hear;
    },
  };
  const crash = serveWorker({ link, clock, build, exit: (code) => void exits.push(code) });
  const start = async () => {
    say({ type: 'start', stage: 'alarm_processor', index: 0, config: {} });
    await clock.advance(0);
  };
  return { clock, sent, exits, crash, start, say: (message: ToWorker) => say(message) };
}

const parts = (heard: ToWorker[] = []): WorkerParts => ({
  handle: (message) => void heard.push(message),
  systems: () => ({}),
  metrics: () => undefined,
  notes: () => [],
  close: () => Promise.resolve(),
});

const types = (sent: readonly FromWorker[]) => sent.map(({ type }) => type);

describe('the life of a worker', () => {
  it('says that it is ready once it is built, beats, and passes on what it is told', async () => {
    const heard: ToWorker[] = [];
    const { clock, sent, start, say } = setUp(() => Promise.resolve(parts(heard)));
    await start();
    await clock.advance(1_000);
    const lease: ToWorker = { type: 'lease', term: 1, endsAtMonoMs: 1, endsAtMs: 1 };
    say(lease);
    assert.deepEqual([types(sent), heard], [['ready', 'beat', 'beat'], [lease]]);
  });

  it('says why it could not be built, and ends', async () => {
    const { sent, exits, start } = setUp(() => Promise.reject(new Error('no dongle')));
    await start();
    assert.deepEqual([types(sent), exits], [['start_failed'], [1]]);
    assert.equal(sent[0]?.type === 'start_failed' && sent[0].error.message, 'no dongle');
  });

  it('says once why it ends, though one fault fails all that is in hand', async () => {
    const { sent, exits, crash, start } = setUp(() => Promise.resolve(parts()));
    await start();
    for (const offset of [1, 2, 3]) crash(new Error(`no answer for ${offset}`));
    assert.deepEqual([types(sent), exits], [['ready', 'crashed'], [1]]);
  });

  it('lets go of what it holds open, tells its last figures and ends when it is told to', async () => {
    const { clock, sent, exits, start, say } = setUp(() => Promise.resolve(parts()));
    await start();
    say({ type: 'drain' });
    await clock.advance(0);
    assert.deepEqual([types(sent), exits], [['ready', 'beat', 'drained'], [0]]);
  });
});
