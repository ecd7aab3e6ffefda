import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KafkaMessageLookup } from '../../src/adapters/kafka/message-lookup.js';
import type { AlarmPosition } from '../../src/domain/position.js';
import { KafkaLab, numbered } from '../support/kafka-lab.js';

const never = new AbortController().signal;

describe('looking up single messages in Kafka', () => {
  let lab: KafkaLab;
  let lookup: KafkaMessageLookup;
  const failures: string[] = [];

  before(async () => {
    lab = await KafkaLab.start();
    const onFailure = (failure: string) => failures.push(failure);
    lookup = new KafkaMessageLookup(lab.connection, { ...lab.deps(), onAnswered: () => undefined, onFailure });
  });

  after(async () => {
    await lookup.close();
    await lab.stop();
  });

  const of = (topic: string, offset: number, partition = 0): AlarmPosition => {
    return { topic, partition, offset: BigInt(offset) };
  };
  const valuesOf = async (positions: readonly AlarmPosition[], signal = never) => {
    const { found, gone } = await lookup.find(positions, signal);
    const values = found.map(({ position, value }) => [position.partition, Buffer.from(value).toString()]);
    return { values: values.sort(), gone };
  };

  it('finds what is asked for, wherever it lies, and nothing else', async () => {
    const topic = await lab.topic({ partitions: 2 });
    // Far larger than one answer.
    for (let first = 0; first < 2_000; first += 100) {
      await lab.write(topic, numbered(`${'x'.repeat(500)}`, first, first + 99));
    }
    await lab.write(topic, ['other'], 1);
    const { values, gone } = await valuesOf(
      [1_999, 0, 777, 778].map((offset) => of(topic, offset)).concat(of(topic, 0, 1)),
    );
    assert.deepEqual(
      values.map(([partition, value]) => [partition, String(value).replaceAll('x', '')]),
      [
        [0, '-0'],
        [0, '-1999'],
        [0, '-777'],
        [0, '-778'],
        [1, 'other'],
      ],
    );
    assert.deepEqual(gone, []);
  });

  it('finds at once what lies in large batches of several partitions, and keeps no more of them than that', async () => {
    const partitions = 4;
    const topic = await lab.topic({ partitions });
    // One batch each, of which Kafka sends one per answer.
    for (let each = 0; each < partitions; each += 1) await lab.write(topic, numbered('y'.repeat(800), 0, 99), each);
    const wanted = [0, 1, 2, 3].flatMap((each) => [of(topic, 5, each), of(topic, 95, each)]);
    const { found } = await lookup.find(wanted, never);
    assert.equal(found.length, wanted.length);
    for (const { value } of found) assert.equal(value.buffer.byteLength, value.byteLength);
  });

  it('tells what retention took, and finds the rest', async () => {
    const topic = await lab.topic();
    await lab.write(topic, numbered('v', 0, 9));
    await lab.deleteRecords(topic, '5');
    const { values, gone } = await valuesOf([2, 4, 7].map((offset) => of(topic, offset)));
    assert.deepEqual(values, [[0, 'v-7']]);
    assert.deepEqual(gone, [of(topic, 2), of(topic, 4)]);
  });

  it('leaves out what does not exist yet, and what is in a topic that does not exist', async () => {
    const topic = await lab.topic();
    await lab.write(topic, ['a']);
    assert.deepEqual(await valuesOf([of(topic, 0), of(topic, 1), of(lab.topicName(), 0)]), {
      values: [[0, 'a']],
      gone: [],
    });
  });

  it('answers with nothing while Kafka is away or when it is given up, and finds again afterwards', async () => {
    const topic = await lab.topic();
    await lab.write(topic, ['a']);
    assert.equal((await valuesOf([of(topic, 0)])).values.length, 1);
    assert.deepEqual(await valuesOf([of(topic, 0)], AbortSignal.abort()), { values: [], gone: [] });
    const before = failures.length;
    await lab.services.kill('kafka');
    assert.deepEqual(await valuesOf([of(topic, 0)]), { values: [], gone: [] });
    assert.ok(failures.length > before);
    await lab.services.restart('kafka');
    let found = await valuesOf([of(topic, 0)]);
    for (let tries = 0; found.values.length === 0 && tries < 20; tries += 1) found = await valuesOf([of(topic, 0)]);
    assert.deepEqual(found.values, [[0, 'a']]);
  });
});
