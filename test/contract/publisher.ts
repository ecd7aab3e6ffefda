import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Publisher } from '../../src/ports/flow.js';
import { settledThreeWays } from '../support/outcome-samples.js';

export interface WrittenRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A publisher on empty topics, and what lies on them. */
export interface PublisherSubject {
  readonly publisher: Publisher;
  sent(): Promise<readonly WrittenRecord[]>;
  retrying(): Promise<readonly WrittenRecord[]>;
  dead(): Promise<readonly WrittenRecord[]>;
}

const position = { topic: 'alarms', partition: 3, offset: 812n };

/** What every Publisher promises. */
export function publisherContract(name: string, create: () => Promise<PublisherSubject>): void {
  test(`${name}: every outcome lies on its topic, under its notification id, when publish resolves`, async () => {
    const subject = await create();
    const alarm = settledThreeWays(position);
    await subject.publisher.publish(alarm, new AbortController().signal);
    const [sent, retrying, dead] = [await subject.sent(), await subject.retrying(), await subject.dead()];
    const keys = [sent, retrying, dead].map((records) => records.map(({ key }) => key));
    assert.deepEqual(
      keys,
      alarm.records.map(({ notification }) => [notification.id]),
    );
    for (const [outcome, [record]] of Object.entries({ sent, retrying, dead })) {
      const value = JSON.parse(record?.value ?? '') as Record<string, unknown>;
      assert.equal(value.outcome, outcome);
      assert.equal(value.source_offset, '812');
      assert.deepEqual(record?.headers, { 'notification-outcome': outcome, 'notification-schema': '1' });
    }
  });

  test(`${name}: publishing again writes the same keys again`, async () => {
    const subject = await create();
    const alarm = settledThreeWays(position);
    await subject.publisher.publish(alarm, new AbortController().signal);
    await subject.publisher.publish(alarm, new AbortController().signal);
    const [first, second] = await subject.sent();
    assert.equal(first?.key, second?.key);
  });

  test(`${name}: a publish that is given up is rejected as aborted`, async () => {
    const subject = await create();
    const publishing = subject.publisher.publish(settledThreeWays(position), AbortSignal.abort());
    await assert.rejects(publishing, { code: 'ABORTED' });
  });
}
