import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../../../../src/domain/endpoint.js';
import type { NonEmpty } from '../../../../src/domain/position.js';
import { Availability } from '../../../../src/producers/endpoint-monitor/availability.js';
import type { CheckResult } from '../../../../src/producers/endpoint-monitor/check-result.js';
import { type EndedCycle, EndpointMonitor } from '../../../../src/producers/endpoint-monitor/endpoint-monitor.js';
import { reportBlock } from '../../../../src/producers/endpoint-monitor/report.js';
import { endpointsOf } from '../../../support/endpoints.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';
import { FakeProber, type ScriptedAnswer } from '../../../support/fakes/fake-prober.js';

interface Asked {
  readonly endpoints: NonEmpty<Endpoint>;
  readonly script?: Readonly<Record<string, readonly ScriptedAnswer[]>>;
  readonly everyMs?: number;
  readonly durationMs?: number;
}

/** A monitor in virtual time, with everything it tells. */
class Bench {
  readonly clock = new FakeClock();
  readonly prober: FakeProber;
  readonly monitor: EndpointMonitor;
  readonly availability: Availability;
  readonly results: CheckResult[] = [];
  readonly cycles: EndedCycle[] = [];
  readonly blocks: (readonly string[])[] = [];
  missedCount = 0;
  disturbedCount = 0;
  ending: string | undefined;
  readonly stop = new AbortController();
  readonly run: Promise<void>;

  constructor({ endpoints, script = {}, everyMs = 15_000, durationMs }: Asked) {
    this.prober = new FakeProber(this.clock, script);
    this.availability = new Availability(endpoints);
    this.monitor = new EndpointMonitor({
      ...{ endpoints, prober: this.prober, clock: this.clock, everyMs, durationMs, thresholdMs: 500 },
      ears: {
        checked: (result) => {
          this.results.push(result);
          this.availability.count(result);
        },
        disturbed: () => {
          this.disturbedCount += 1;
        },
        cycleEnded: (cycle) => {
          this.cycles.push(cycle);
          this.blocks.push(this.block());
        },
        startsMissed: (count) => {
          this.missedCount += count;
        },
      },
    });
    this.run = this.monitor.run(this.stop.signal).then((ending) => {
      this.ending = ending;
    });
  }

  block(): readonly string[] {
    return reportBlock(this.availability, { percent: 'truncate', hasDetails: false });
  }

  startsOf(name: string): readonly number[] {
    return this.prober.starts.filter((start) => start.name === name).map(({ atMonoMs }) => atMonoMs);
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.run;
    assert.equal(this.clock.waitingCount, 0, 'timers that nobody ended');
  }
}

const quick = (status: number, afterMs: number): ScriptedAnswer => ({ status, afterMs });

describe('the monitor', () => {
  it('reports each cycle, cumulative, domains as first seen', async () => {
    const endpoints = endpointsOf(
      { name: 'a' },
      { name: 'w', url: 'https://www.fetchrewards.com/' },
      { name: 'b' },
      { name: 'c' },
    );
    const bench = new Bench({
      endpoints,
      script: {
        a: [quick(200, 100)],
        b: [quick(200, 600), quick(200, 300)],
        c: [quick(500, 50), quick(201, 50)],
        w: [quick(200, 100), quick(200, 900)],
      },
    });
    await bench.clock.advance(16_000);
    assert.deepEqual(bench.blocks, [
      ['fetch.com has 33% availability percentage', 'www.fetchrewards.com has 100% availability percentage', '---'],
      ['fetch.com has 66% availability percentage', 'www.fetchrewards.com has 50% availability percentage', '---'],
    ]);
    await bench.end();
  });

  it('starts cycle n at n times the interval, whatever the checks take', async () => {
    const bench = new Bench({ endpoints: endpointsOf({ name: 'a' }), script: { a: [quick(200, 450)] } });
    await bench.clock.advance(60 * 15_000 - 1);
    assert.deepEqual(
      bench.startsOf('a'),
      Array.from({ length: 60 }, (_, n) => n * 15_000),
    );
    await bench.end();
  });

  it('checks all endpoints of a cycle in parallel', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ name: `n${index}` }));
    const script = Object.fromEntries(many.map(({ name }) => [name, [quick(200, 400)]]));
    const bench = new Bench({ endpoints: endpointsOf(...many), script });
    await bench.clock.advance(15_000);
    assert.ok((bench.cycles[0]?.durationMs ?? 15_000) < 1_000, `${bench.cycles[0]?.durationMs} ms`);
    assert.ok(bench.prober.mostAtOnceCount > 150);
    assert.deepEqual(bench.startsOf('n0'), [0, 15_000]);
    await bench.end();
  });

  it('finds an endpoint that never answers down before the next cycle', async () => {
    const bench = new Bench({ endpoints: endpointsOf({ name: 'a' }, { name: 'b' }), script: { a: [quick(200, 1e9)] } });
    await bench.clock.advance(14_999);
    assert.deepEqual(
      bench.results.map(({ endpoint, grade, cause, detail }) => [endpoint.name, grade, cause, detail]),
      [
        ['b', 'up', undefined, undefined],
        ['a', 'down', 'timeout', 'no answer within 14 s'],
      ],
    );
    assert.equal(bench.cycles.length, 1);
    await bench.end();
  });

  it('waits in a cycle of one second without overlap and without end', async () => {
    const bench = new Bench({
      ...{ endpoints: endpointsOf({ name: 'a' }), script: { a: [quick(200, 1e9)] }, everyMs: 1_000 },
    });
    await bench.clock.advance(5_999);
    assert.deepEqual(bench.startsOf('a'), [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
    assert.deepEqual([bench.prober.mostAtOnceCount, bench.cycles.length], [1, 6]);
    await bench.end();
  });

  it('grades a slow answer degraded, which is not available', async () => {
    const bench = new Bench({ endpoints: endpointsOf({ name: 'a' }), script: { a: [quick(200, 3_000)] } });
    await bench.clock.advance(5_000);
    assert.deepEqual(
      [bench.results[0]?.grade, bench.block()[0]],
      ['degraded', 'fetch.com has 0% availability percentage'],
    );
    await bench.end();
  });

  it('runs one cycle of two seconds in a run of one, to its end', async () => {
    const bench = new Bench({
      ...{ endpoints: endpointsOf({ name: 'a' }), script: { a: [quick(200, 900)] }, everyMs: 2_000, durationMs: 1_000 },
    });
    await bench.clock.advance(1_000);
    await bench.run;
    assert.deepEqual([bench.ending, bench.cycles.length], ['complete', 1]);
    assert.equal(bench.clock.waitingCount, 0);
  });

  it('lets the last cycle end, and starts none when the duration is over', async () => {
    const bench = new Bench({
      ...{ endpoints: endpointsOf({ name: 'a' }), script: { a: [quick(200, 1e9)] }, durationMs: 30_000 },
    });
    await bench.clock.advance(28_999);
    assert.equal(bench.ending, undefined);
    await bench.clock.advance(1_001);
    await bench.run;
    assert.deepEqual([bench.ending, bench.cycles.length, bench.startsOf('a').length], ['complete', 2, 2]);
  });

  it('cuts off running checks when it is stopped, and counts only those that had ended', async () => {
    const endpoints = endpointsOf({ name: 'a' }, { name: 'b', url: 'http://slow.example/' });
    const bench = new Bench({ endpoints, script: { b: [quick(200, 300), quick(200, 5_000)] } });
    await bench.clock.advance(15_100);
    await bench.end();
    assert.equal(bench.ending, 'stopped');
    assert.deepEqual(
      bench.results.map(({ endpoint }) => endpoint.name),
      ['a', 'b', 'a'],
    );
    assert.equal(bench.prober.atOnceCount, 0);
  });

  it('leaves out starts that it missed, counts them, and goes on with the next', async () => {
    const bench = new Bench({ endpoints: endpointsOf({ name: 'a' }) });
    await bench.clock.advance(1_000);
    bench.clock.freezeFor(60_500);
    await bench.clock.advance(30_000);
    assert.deepEqual(bench.startsOf('a').at(-1), 90_000);
    assert.deepEqual(
      bench.startsOf('a').filter((at) => at > 0 && at < 60_000),
      [],
    );
    assert.ok(bench.missedCount >= 3, `${bench.missedCount} missed`);
    await bench.end();
  });

  it('takes nothing for down or slow that it measured across a standstill of its own', async () => {
    const bench = new Bench({
      endpoints: endpointsOf({ name: 'a' }),
      script: { a: [quick(200, 700), quick(200, 100)] },
    });
    await bench.clock.advance(300);
    bench.clock.freezeFor(5_000);
    await bench.clock.advance(15_000);
    assert.deepEqual([bench.disturbedCount, bench.results.map(({ grade }) => grade)], [1, ['up']]);
    await bench.end();
  });

  it('shows how far it is', async () => {
    const endpoints = endpointsOf({ name: 'a' }, { name: 'b' }, { name: 'c' });
    const bench = new Bench({ endpoints, script: { a: [quick(500, 10)], b: [quick(200, 600)], c: [quick(200, 1e9)] } });
    await bench.clock.advance(1_000);
    assert.deepEqual(bench.monitor.progress, {
      ...{ cycle: 1, doneCount: 2, degradedCount: 1, downCount: 1, inFlightCount: 1, nextAtMonoMs: 15_000 },
    });
    await bench.end();
  });
});
