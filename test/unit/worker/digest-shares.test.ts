import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError, EngineError } from '../../../src/domain/errors.js';
import type { HeldLock } from '../../../src/ports/ownership.js';
import { DigestShares, type ShareTerm } from '../../../src/worker/digest-shares.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { RecordingTelemetry } from '../../support/fakes/recording-telemetry.js';

interface RunningTerm extends ShareTerm {
  finish(): void;
  fail(error: unknown): void;
}

const at = { topic: 'status', partition: 3 };

/** The shares of one instance, whose terms end when the test says so. */
class Bench {
  readonly clock = new FakeClock();
  readonly telemetry = new RecordingTelemetry();
  readonly terms: RunningTerm[] = [];
  readonly failures: ConfigurationError[] = [];
  readonly leaseEnded = new AbortController();
  readonly lockLost = new AbortController();
  leaseEndsAtMonoMs = 1e9;
  readonly shares = new DigestShares({
    clock: this.clock,
    random: () => 0.5,
    telemetry: this.telemetry,
    runTerm: (term) =>
      new Promise((resolve, reject) => {
        this.terms.push({ ...term, finish: resolve, fail: reject });
      }),
    failed: (error) => this.failures.push(error),
  });

  begin(): void {
    this.shares.begin({
      endsAtMonoMs: () => this.leaseEndsAtMonoMs,
      endsAtMs: () => 1e15,
      ended: this.leaseEnded.signal,
    });
  }

  get lock(): HeldLock {
    return { fence: { lockPath: '/lock', epoch: 1n }, lost: this.lockLost.signal, release: () => Promise.resolve() };
  }

  async take(): Promise<RunningTerm> {
    this.shares.take(at, this.lock);
    await this.clock.advance(0);
    return this.term(0);
  }

  term(index: number): RunningTerm {
    const term = this.terms[index];
    assert.ok(term !== undefined, `no term ${index}`);
    return term;
  }
}

function started(): Bench {
  const bench = new Bench();
  bench.begin();
  return bench;
}

describe('the share of an instance in the digest', () => {
  it('works on a partition from its lock on, and counts it as busy until the term has ended', async () => {
    const bench = started();
    const term = await bench.take();
    assert.equal(term.partition, 3);
    bench.shares.pause(at);
    assert.equal(term.stop.aborted, true);
    assert.equal(term.ended.aborted, false);
    assert.equal(bench.shares.inFlowCount(at), 1);
    term.finish();
    await bench.clock.advance(0);
    assert.equal(bench.shares.inFlowCount(at), 0);
    assert.equal(await bench.shares.flush(at), true);
    bench.shares.leave(at);
    await bench.shares.close();
    assert.deepEqual(
      bench.telemetry.events.filter(({ name }) => name.startsWith('digest_')).map(({ name }) => name),
      ['digest_handed_over'],
    );
  });

  it('begins a failed term again while the lock is held, and only then', async () => {
    const bench = started();
    (await bench.take()).fail(new Error('Kafka is away'));
    await bench.clock.advance(1_000);
    assert.equal(bench.terms.length, 2);
    bench.lockLost.abort();
    bench.term(1).fail(new EngineError('FENCED', 'another instance has taken over', { retriable: false }));
    await bench.clock.advance(60_000);
    assert.equal(bench.terms.length, 2);
    assert.equal(await bench.shares.flush(at), false);
  });

  it('reads on after a hand-over that was put off, once the term before has ended', async () => {
    const bench = started();
    const term = await bench.take();
    bench.shares.pause(at);
    bench.shares.goOn(at);
    await bench.clock.advance(1_000);
    assert.equal(bench.terms.length, 1);
    term.finish();
    await bench.clock.advance(0);
    assert.equal(bench.terms.length, 2);
    assert.equal(bench.term(1).stop.aborted, false);
    assert.equal(bench.shares.inFlowCount(at), 1);
  });

  it('tells once that it owns no more, and never has two terms of one partition, also when a lease follows at once', async () => {
    const bench = started();
    const term = await bench.take();
    bench.shares.end('lease_ended');
    assert.equal(term.ended.aborted, true);
    const told = bench.telemetry.events.filter(({ name }) => name === 'digest_gave_up');
    assert.deepEqual(
      told.map(({ fields }) => fields),
      [{ workers: '3', error: 'ownership is over: lease_ended' }],
    );
    bench.begin();
    bench.shares.take(at, bench.lock);
    await bench.clock.advance(1_000);
    assert.equal(bench.terms.length, 1);
    term.fail(new EngineError('FENCED', 'the lease of the digest is over', { retriable: false }));
    await bench.clock.advance(0);
    assert.equal(bench.terms.length, 2);
    assert.equal(bench.term(1).ended.aborted, false);
  });

  it('forbids every write once the lease is over, whether or not anybody has said so', async () => {
    const bench = started();
    const term = await bench.take();
    term.demand();
    bench.leaseEndsAtMonoMs = bench.clock.monoMs();
    assert.throws(() => term.demand(), { code: 'FENCED' });
  });

  it('tells what no repetition cures, and does not repeat it', async () => {
    const bench = started();
    const error = new ConfigurationError('RIGHT_MISSING', 'no right to write');
    (await bench.take()).fail(error);
    await bench.clock.advance(60_000);
    assert.deepEqual(bench.failures, [error]);
    assert.equal(bench.terms.length, 1);
    assert.equal(bench.shares.inFlowCount(at), 0);
  });
});
