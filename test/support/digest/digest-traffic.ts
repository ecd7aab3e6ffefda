import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { waitFor } from '../wait-for.js';
import type { DigestLedger, DigestVerdict } from './digest-ledger.js';

/** Resolves when the broker has the message. */
export type PublishDigestMessage = (kind: 'status' | 'command', userId: string, body: object) => Promise<void>;

/** Below what the digest manages between two kills: what is left over has to be worked off in the end. */
const perMsCount = 0.02;
const userCount = 12;
const statuses = ['CRITICAL', 'WARNING', 'CLEARED'] as const;

/** Random changes and commands of a few users, all of them in the ledger. */
export class DigestTraffic {
  readonly #ledger: DigestLedger;
  readonly #publish: PublishDigestMessage;

  constructor(ledger: DigestLedger, publish: PublishDigestMessage) {
    this.#ledger = ledger;
    this.#publish = publish;
  }

  /** Publishes without end, each alarm's changes in the order of their times, until `stop`. */
  async drive(stop: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    for (let n = 1; !stop.aborted; n += 1) {
      await waitFor(() => n < (performance.now() - startedAt) * perMsCount, 'its turn');
      const userId = `user-${randomInt(userCount)}`;
      const change = {
        ...{ userId, alarmId: `alarm-${randomInt(20)}`, status: statuses[randomInt(3)] ?? 'CRITICAL' },
        changedAt: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
      };
      this.#ledger.published(change);
      const { alarmId: AlarmID, status: Status, changedAt: ChangedAt } = change;
      await this.#publish('status', userId, { AlarmID, UserID: userId, Status, ChangedAt });
      const asked = `user-${randomInt(userCount)}`;
      if (n % 5 === 0) await this.#publish('command', asked, { UserID: asked });
    }
  }

  /** Asks for all digests until every active alarm was told. @throws when one is missing, invented, or told twice under two ids. */
  async verdict(): Promise<DigestVerdict> {
    const isComplete = async () => {
      for (let user = 0; user < userCount; user += 1)
        await this.#publish('command', `user-${user}`, { UserID: `user-${user}` });
      return this.#ledger.verdict().missing.length === 0;
    };
    await waitFor(isComplete, 'every active alarm in a digest', { timeoutMs: 300_000 }).catch(() => undefined);
    const verdict = this.#ledger.verdict();
    assert.deepEqual(verdict.missing, []);
    assert.deepEqual(verdict.invented, []);
    assert.deepEqual(verdict.toldTwice, []);
    return verdict;
  }
}
