import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NonEmpty } from '../../../src/domain/position.js';
import type { FromWorker, WireParcel } from '../../../src/runtime/protocol.js';
import { SourceLoop } from '../../../src/runtime/source-loop.js';

function wire(...offsets: [number, ...number[]]): NonEmpty<WireParcel> {
  const [first, ...rest] = offsets.map(
    (offset): WireParcel => ({
      at: { topic: 't', partition: offset % 2, offset: String(offset) },
      orderKey: 'k',
      payload: 'p',
    }),
  );
  assert.ok(first);
  return [first, ...rest];
}

function setUp() {
  const sent: FromWorker[] = [];
  const loop = new SourceLoop({ send: (message) => sent.push(message) });
  loop.begin(1);
  const read = () =>
    sent.flatMap((message) => (message.type === 'read' ? message.parcels.map((parcel) => parcel.at.offset) : []));
  const wanted = () =>
    sent.flatMap((message) => (message.type === 'read' && message.wants !== undefined ? [message.wants] : []));
  const givenBack = () =>
    sent.flatMap((message) => (message.type === 'read' && message.unused !== undefined ? [message.unused] : []));
  return { loop, read, wanted, givenBack };
}

describe('source loop', () => {
  it('gives no more than there is room for, and resolves when all is given', async () => {
    const { loop, read, wanted } = setUp();
    const giving = loop.give(1, wire(1, 2, 3));
    assert.deepEqual([read(), wanted()], [[], [3]]);
    loop.handle({ type: 'work', term: 1, room: 2 });
    assert.deepEqual(read(), ['1', '2']);
    loop.handle({ type: 'work', term: 1, room: 1 });
    await giving;
    assert.deepEqual(read(), ['1', '2', '3']);
  });

  it('asks only for the room that it lacks', async () => {
    const { loop, read, wanted } = setUp();
    const asking = loop.room(1, 2);
    loop.handle({ type: 'work', term: 1, room: 2 });
    await asking;
    await loop.give(1, wire(1));
    const giving = loop.give(1, wire(3, 5));
    loop.handle({ type: 'work', term: 1, room: 1 });
    await giving;
    assert.deepEqual(
      [read(), wanted()],
      [
        ['1', '3', '5'],
        [2, 1],
      ],
    );
  });

  it('gives room back that came for what a pause took away', async () => {
    const { loop, givenBack } = setUp();
    const giving = loop.give(1, wire(1, 3));
    loop.pause('t', 1);
    await giving;
    loop.handle({ type: 'work', term: 1, room: 2 });
    assert.deepEqual(givenBack(), [2]);
    const next = loop.give(1, wire(5));
    loop.handle({ type: 'work', term: 1, room: 1 });
    await next;
    assert.deepEqual(givenBack(), [2]);
  });

  it('drops what it holds of a paused partition, and of an ended term', async () => {
    const { loop, read } = setUp();
    const giving = loop.give(1, wire(1, 2, 3));
    loop.pause('t', 1);
    loop.handle({ type: 'work', term: 1, room: 3 });
    await giving;
    assert.deepEqual(read(), ['2']);
    const stale = loop.give(1, wire(4, 6, 8, 10));
    loop.handle({ type: 'work', term: 1, room: 2 });
    loop.begin(2);
    await stale;
    loop.handle({ type: 'work', term: 1, room: 9 });
    await loop.give(1, wire(12));
    assert.deepEqual(read(), ['2', '4', '6']);
  });

  it('takes no room of an earlier term into the present one', async () => {
    const { loop, read, wanted } = setUp();
    loop.handle({ type: 'work', term: 1, room: 5 });
    loop.begin(2);
    loop.handle({ type: 'work', term: 1, room: 5 });
    const giving = loop.give(2, wire(1, 2));
    assert.deepEqual([read(), wanted()], [[], [2]]);
    loop.handle({ type: 'work', term: 2, room: 2 });
    await giving;
    assert.deepEqual(read(), ['1', '2']);
  });
});

describe('room for what is decided only when it can be given', () => {
  it('is told as soon as there is some, for no more than was asked, and asked for once', async () => {
    const { loop, read, wanted } = setUp();
    const asking = loop.room(1, 3);
    loop.handle({ type: 'work', term: 1, room: 2 });
    assert.equal(await asking, 2);
    await loop.give(1, wire(1));
    assert.equal(await loop.room(1, 5), 1, 'room in hand');
    await loop.give(1, wire(3));
    const again = loop.room(1, 1);
    loop.handle({ type: 'work', term: 1, room: 1 });
    assert.equal(await again, 1);
    assert.deepEqual([read(), wanted()], [['1', '3'], [3]]);
  });

  it('goes back where the decision was that nothing is given, and so does what comes after that', async () => {
    const { loop, givenBack, wanted } = setUp();
    const asking = loop.room(1, 5);
    loop.handle({ type: 'work', term: 1, room: 3 });
    assert.equal(await asking, 3);
    assert.deepEqual(givenBack(), []);
    loop.done();
    assert.deepEqual(givenBack(), [3]);
    loop.handle({ type: 'work', term: 1, room: 2 });
    assert.deepEqual([givenBack(), wanted()], [[3, 2], [5]]);
  });

  it('is none when the term ends or has ended', async () => {
    const { loop } = setUp();
    const asking = loop.room(1, 1);
    loop.begin(2);
    assert.equal(await asking, 0);
    assert.equal(await loop.room(1, 1), 0);
  });
});
