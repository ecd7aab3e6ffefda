import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StageOutcome } from '../../../src/domain/outcome.js';
import type { Positioned } from '../../../src/domain/position.js';
import type { Link } from '../../../src/ports/flow.js';
import { systemClock } from '../../../src/runtime/clock.js';
import type { FromWorker, ToWorker, WireParcel } from '../../../src/runtime/protocol.js';
import { StageLoop } from '../../../src/runtime/stage-loop.js';

interface Item extends Positioned {
  readonly text: string;
}

class RecordingLink implements Link<FromWorker, ToWorker> {
  readonly sent: FromWorker[] = [];
  readonly closed = new Promise<void>(() => undefined);
  send(message: FromWorker): void {
    this.sent.push(message);
  }
  onMessage(): void {}
  close(): void {}
  ofType<T extends FromWorker['type']>(type: T): Extract<FromWorker, { type: T }>[] {
    return this.sent.filter((message): message is Extract<FromWorker, { type: T }> => message.type === type);
  }
}

function wire(offset: number): WireParcel {
  return { at: { topic: 't', partition: 0, offset: String(offset) }, orderKey: `k${offset}`, payload: `p${offset}` };
}

/** One turn of the event loop: what was scheduled for after the present turn has run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(process: (item: Item, signal: AbortSignal) => Promise<StageOutcome<Item>>, { parks = true } = {}) {
  const link = new RecordingLink();
  const crashes: unknown[] = [];
  const loop = new StageLoop<Item, Item>({
    link,
    clock: systemClock,
    inHandCount: 4,
    decode: (position, text) => ({ position, text }),
    process,
    ...(parks ? { quarantine: () => Promise.resolve({ kind: 'finish', reason: 'quarantined' }) } : {}),
    encode: (item) => `${item.text}!`,
    crash: (error) => crashes.push(error),
  });
  loop.handle({ type: 'lease', term: 1, endsAtMonoMs: 1e15, endsAtMs: 1e15 });
  return { link, loop, crashes };
}

const forward = (item: Item): Promise<StageOutcome<Item>> => Promise.resolve({ kind: 'forward', item });

describe('stage loop', () => {
  it('opens nothing that it was given to park, though it cannot park', async () => {
    const opened: string[] = [];
    const process = (item: Item) => {
      opened.push(item.text);
      return forward(item);
    };
    const { loop, crashes } = setUp(process, { parks: false });
    loop.handle({ type: 'quarantine', term: 1, parcels: [wire(1)] });
    await turn();
    assert.deepEqual([opened, String(crashes[0])], [[], 'TypeError: this stage parks nothing']);
  });

  it('says at the begin of a term how much it takes in hand', () => {
    const { link, loop } = setUp(forward);
    loop.handle({ type: 'lease', term: 1, endsAtMonoMs: 2e15, endsAtMs: 1e15 });
    assert.deepEqual(link.sent, [{ type: 'credits', term: 1, more: 4 }]);
  });

  it('holds back what it forwards until main has room', async () => {
    const { link, loop } = setUp(forward);
    loop.handle({ type: 'work', term: 1, parcels: [wire(1), wire(2)] });
    await turn();
    await turn();
    assert.deepEqual(link.ofType('answers'), [{ type: 'answers', term: 1, answers: [], wants: 2 }]);
    loop.handle({ type: 'work', term: 1, room: 1 });
    await turn();
    loop.handle({ type: 'work', term: 1, room: 1 });
    await turn();
    const payloads = link
      .ofType('answers')
      .flatMap(({ answers }) => answers.map((each) => each.kind === 'forward' && each.payload));
    assert.deepEqual(payloads, ['p1!', 'p2!']);
    assert.equal(link.ofType('answers').filter(({ wants }) => wants !== undefined).length, 1);
  });

  it('uses room once, and asks for what it lacks, no more and no less', async () => {
    const { link, loop } = setUp(forward);
    const wants = () => link.ofType('answers').flatMap((message) => message.wants ?? []);
    const leftCount = () => link.ofType('answers').reduce((sum, { answers }) => sum + answers.length, 0);
    for (const [offset, room] of [
      [1, 1],
      [2, 1],
      [3, 0],
    ] as const) {
      loop.handle({ type: 'work', term: 1, parcels: [wire(offset)] });
      await turn();
      await turn();
      if (room > 0) loop.handle({ type: 'work', term: 1, room });
      await turn();
    }
    assert.deepEqual([wants(), leftCount()], [[1, 1, 1], 2]);
  });

  it('holds nothing over into a new term: no answers, no room, no wishes', async () => {
    const { link, loop } = setUp(forward);
    loop.handle({ type: 'work', term: 1, parcels: [wire(1)] });
    await turn();
    await turn();
    loop.handle({ type: 'work', term: 1, room: 3 });
    loop.handle({ type: 'lease', term: 2, endsAtMonoMs: 1e15, endsAtMs: 1e15 });
    loop.handle({ type: 'work', term: 2, parcels: [wire(2)] });
    await turn();
    await turn();
    const [asked, ...more] = link.ofType('answers').filter(({ term }) => term === 2);
    assert.deepEqual([asked, more], [{ type: 'answers', term: 2, answers: [], wants: 1 }, []]);
    loop.handle({ type: 'work', term: 2, room: 1 });
    await turn();
    assert.deepEqual(
      link
        .ofType('answers')
        .at(-1)
        ?.answers.map(({ at }) => at.offset),
      ['2'],
    );
  });

  it('holds a wish of an earlier term for none of the present', async () => {
    const { link, loop } = setUp(forward);
    loop.handle({ type: 'work', term: 1, parcels: [wire(1)] });
    await turn();
    await turn();
    loop.handle({ type: 'lease', term: 2, endsAtMonoMs: 1e15, endsAtMs: 1e15 });
    loop.handle({ type: 'work', term: 2, parcels: [wire(2)] });
    await turn();
    await turn();
    assert.deepEqual(
      link.ofType('answers').map(({ term, wants }) => [term, wants]),
      [
        [1, 1],
        [2, 1],
      ],
    );
  });

  it('answers at once for what is finished', async () => {
    const { link, loop } = setUp(() => Promise.resolve({ kind: 'finish', reason: 'no_methods' }));
    loop.handle({ type: 'work', term: 1, parcels: [wire(1), wire(2)] });
    await turn();
    await turn();
    assert.deepEqual(
      link.ofType('answers').map(({ answers }) => answers.length),
      [2],
    );
  });

  it('parks what is quarantined without opening it', async () => {
    const { link, loop } = setUp(() => Promise.reject(new Error('opened')));
    loop.handle({ type: 'quarantine', term: 1, parcels: [wire(1)] });
    await turn();
    await turn();
    assert.deepEqual(link.ofType('answers')[0]?.answers, [{ at: wire(1).at, kind: 'finish', reason: 'quarantined' }]);
  });

  it('drops what it holds when a new term begins, and answers nothing for it', async () => {
    const signals: AbortSignal[] = [];
    const { link, loop, crashes } = setUp((_item, signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    loop.handle({ type: 'work', term: 1, parcels: [wire(1)] });
    loop.handle({ type: 'lease', term: 2, endsAtMonoMs: 1e15, endsAtMs: 1e15 });
    await turn();
    await turn();
    assert.equal(signals[0]?.aborted, true);
    assert.deepEqual([link.ofType('answers'), crashes], [[], []]);
    assert.deepEqual(link.ofType('credits').at(-1), { type: 'credits', term: 2, more: 4 });
  });

  it('does not answer for an item that was decided after its term had ended', async () => {
    let decide: (outcome: StageOutcome<Item>) => void = () => undefined;
    const { link, loop } = setUp(
      () =>
        new Promise((resolve) => {
          decide = resolve;
        }),
    );
    loop.handle({ type: 'work', term: 1, parcels: [wire(1)] });
    loop.handle({ type: 'lease', term: 2, endsAtMonoMs: 1e15, endsAtMs: 1e15 });
    decide({ kind: 'finish', reason: 'recorded' });
    await turn();
    await turn();
    assert.deepEqual(link.ofType('answers'), []);
  });

  it('ignores items and room of another term', async () => {
    const { link, loop } = setUp(forward);
    loop.handle({ type: 'work', term: 7, parcels: [wire(1)] });
    loop.handle({ type: 'work', term: 7, room: 5 });
    await turn();
    await turn();
    assert.equal(link.sent.length, 1);
  });

  it('ends the worker when an item is neither decided nor aborted', async () => {
    const { loop, crashes } = setUp(() => Promise.reject(new Error('a bug')));
    loop.handle({ type: 'work', term: 1, parcels: [wire(1)] });
    await turn();
    assert.deepEqual(crashes.map(String), ['Error: a bug']);
  });

  it('aborts what is in hand when it is closed', () => {
    let seen: AbortSignal | undefined;
    const { loop } = setUp((_item, signal) => {
      seen = signal;
      return new Promise(() => undefined);
    });
    loop.handle({ type: 'work', term: 1, parcels: [wire(1)] });
    loop.close();
    assert.equal(seen?.aborted, true);
  });
});
