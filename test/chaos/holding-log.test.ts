import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldingLog } from './holding-log.js';

describe('the log of holdings', () => {
  const lock = 'alarms';
  const look = (log: HoldingLog, node: string | undefined, engine: number, atMs: number) => {
    if (!log.isStill(lock, node, atMs)) log.changed(lock, node === undefined ? undefined : { node, engine }, atMs);
  };

  it('has one holding for all looks at one node, and ends it with the look that sees another', () => {
    const log = new HoldingLog();
    for (let atMs = 0; atMs <= 2_000; atMs += 50) look(log, 'a-1', 7, atMs);
    look(log, 'b-2', 8, 2_050);
    look(log, undefined, 0, 2_100);
    assert.deepEqual(log.holdings, [
      { lock, engine: 7, fromMs: 0, toMs: 2_050, isLostSight: false },
      { lock, engine: 8, fromMs: 2_050, toMs: 2_100, isLostSight: false },
    ]);
    assert.deepEqual(log.present, []);
  });

  it('says of nobody that he held it in a time without looks', () => {
    const log = new HoldingLog();
    look(log, 'a-1', 7, 0);
    look(log, 'a-1', 7, 50);
    look(log, 'b-2', 8, 9_000);
    look(log, 'b-2', 8, 12_000);
    assert.deepEqual(log.holdings, [
      { lock, engine: 7, fromMs: 0, toMs: 50, isLostSight: true },
      { lock, engine: 8, fromMs: 9_000, toMs: 9_000, isLostSight: true },
      { lock, engine: 8, fromMs: 12_000, toMs: undefined },
    ]);
  });
});
