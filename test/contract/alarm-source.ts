import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawAlarm } from '../../src/domain/alarm.js';
import type { AlarmSource, SourceEvent } from '../../src/ports/flow.js';
import { waitFor } from '../support/wait-for.js';

/** A source of a topic with two empty partitions, whose window is ten offsets. */
export interface AlarmSourceSubject {
  readonly source: AlarmSource;
  readonly topic: string;
  readonly events: readonly SourceEvent[];
  write(partition: number, values: readonly string[]): Promise<void>;
  /** Takes away what lies before the offset, as retention does. */
  removeBefore(partition: number, offset: bigint): Promise<void>;
}

/** Reads to the end of the test; what came is in `alarms`, in order. */
function reading(source: AlarmSource) {
  const [alarms, stop]: [RawAlarm[], AbortController] = [[], new AbortController()];
  const ended = (async () => {
    for await (const batch of source.read(stop.signal)) alarms.push(...batch);
  })();
  const values = (partition: number) =>
    alarms.filter(({ position }) => position.partition === partition).map(({ value }) => Buffer.from(value).toString());
  const end = async () => {
    stop.abort();
    await ended;
    await source.close();
  };
  return { values, end };
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `v${index}`);
}

/** What every AlarmSource promises. */
export function alarmSourceContract(name: string, create: () => Promise<AlarmSourceSubject>): void {
  test(`${name}: tells the partitions and where it begins, and reads what is resumed from there, nothing else`, async () => {
    const { source, topic, events, write } = await create();
    await write(0, numbers(3));
    await write(1, numbers(5));
    const { values, end } = reading(source);
    await waitFor(() => events.some(({ kind }) => kind === 'partitions'), 'the partitions');
    assert.deepEqual(events[0], { kind: 'partitions', topic, partitions: [0, 1] });
    source.resume({ topic, partition: 1 }, 2n, 12n);
    await waitFor(() => values(1).length === 3, 'three alarms');
    assert.deepEqual(values(1), ['v2', 'v3', 'v4']);
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'positioned'),
      [{ kind: 'positioned', partition: { topic, partition: 1 }, nextToRead: 2n, skipped: 0n }],
    );
    await write(1, ['later']);
    await waitFor(() => values(1).at(-1) === 'later', 'an alarm that is written later');
    assert.deepEqual(values(0), []);
    await end();
  });

  test(`${name}: without a position begins at the earliest offset, and says so first`, async () => {
    const { source, topic, events, write, removeBefore } = await create();
    await write(0, numbers(4));
    await removeBefore(0, 3n);
    const { values, end } = reading(source);
    source.resume({ topic, partition: 0 }, undefined, undefined);
    await waitFor(() => values(0).length === 1, 'what is left');
    const positioned = events.filter(({ kind }) => kind === 'positioned');
    assert.deepEqual(positioned, [
      { kind: 'positioned', partition: { topic, partition: 0 }, nextToRead: 3n, skipped: 0n },
    ]);
    await end();
  });

  test(`${name}: says how many offsets retention took`, async () => {
    const { source, topic, events, write, removeBefore } = await create();
    await write(0, numbers(9));
    await removeBefore(0, 7n);
    const { values, end } = reading(source);
    source.resume({ topic, partition: 0 }, 2n, 12n);
    await waitFor(() => values(0).length === 2, 'what is left');
    const positioned = { kind: 'positioned', partition: { topic, partition: 0 }, nextToRead: 7n, skipped: 5n };
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'positioned'),
      [positioned],
    );
    await end();
  });

  test(`${name}: halts a partition that ends before its position until it is resumed elsewhere`, async () => {
    const { source, topic, events, write } = await create();
    await write(0, numbers(2));
    const { values, end } = reading(source);
    source.resume({ topic, partition: 0 }, 50n, 60n);
    await waitFor(() => events.some(({ kind }) => kind === 'halted'), 'the halt');
    const where = { nextToRead: 50n, logStart: 0n, logEnd: 2n };
    assert.deepEqual(
      events.filter(({ kind }) => kind === 'halted'),
      [{ kind: 'halted', partition: { topic, partition: 0 }, ...where }],
    );
    source.resume({ topic, partition: 0 }, 0n, 10n);
    await waitFor(() => values(0).length === 2, 'the alarms');
    await end();
  });

  test(`${name}: yields no more of a paused partition, and goes on where it is resumed`, async () => {
    const { source, topic, write } = await create();
    await write(0, numbers(3));
    await write(1, ['other']);
    const { values, end } = reading(source);
    source.resume({ topic, partition: 0 }, 0n, 10n);
    await waitFor(() => values(0).length === 3, 'three alarms');
    source.pause({ topic, partition: 0 });
    await write(0, ['while paused']);
    source.resume({ topic, partition: 1 }, 0n, 10n);
    await waitFor(() => values(1).length === 1, 'the other partition');
    assert.equal(values(0).length, 3);
    source.resume({ topic, partition: 0 }, 3n, 13n);
    await waitFor(() => values(0).length === 4, 'what came while paused');
    await end();
  });

  test(`${name}: keeps within the window of what is uncommitted`, async () => {
    const { source, topic, write } = await create();
    await write(0, numbers(40));
    await write(1, ['other']);
    const { values, end } = reading(source);
    source.resume({ topic, partition: 0 }, 0n, 10n);
    await waitFor(() => values(0).length === 10, 'a full window');
    source.resume({ topic, partition: 1 }, 0n, 10n);
    await waitFor(() => values(1).length === 1, 'the other partition');
    assert.equal(values(0).length, 10);
    source.allow({ topic, partition: 0 }, 6n);
    await waitFor(() => values(0).length === 16, 'six more');
    source.allow({ topic, partition: 0 }, 16n);
    await waitFor(() => values(0).length === 26, 'ten more');
    assert.deepEqual(values(0), numbers(26));
    await end();
  });
}
