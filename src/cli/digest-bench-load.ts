import { systemClock } from '../runtime/clock.js';

export interface BenchPlan {
  readonly userCount: number;
  readonly alarmCount: number;
  readonly changeCount: number;
  readonly duplicateShare: number;
  readonly isShuffled: boolean;
}

interface Change {
  readonly userId: string;
  readonly text: string;
}

const statuses = ['CRITICAL', 'WARNING', 'CLEARED'];
const askAgainMs = 1_000;
const startMs = Date.UTC(2026, 0, 1);

/**
 * The changes of one run and what must come of them: a model that knows nothing of the digest but its rules.
 *
 * Times rise by a microsecond with each change, so the newest change of an alarm is the last one made. Chance comes from the run's own
 * generator: the same run name makes the same changes.
 */
export class BenchLoad {
  digestCount = 0;
  lastHeardAtMonoMs = 0;
  readonly #plan: BenchPlan;
  readonly #run: string;
  /** By user, then alarm: `status time` of the newest change. */
  readonly #model = new Map<string, Map<string, string>>();
  readonly #heard = new Map<string, Map<string, string>>();
  readonly #incomplete = new Set<string>();
  readonly #waiting = new Map<string, () => void>();
  readonly #strange: string[] = [];
  #seed = 0x2545f491;

  constructor(plan: BenchPlan, run: string) {
    this.#plan = plan;
    this.#run = run;
  }

  changes(): readonly Change[] {
    const { changeCount, userCount, alarmCount, duplicateShare, isShuffled } = this.#plan;
    const changes: Change[] = [];
    for (let n = 0; n < changeCount; n += 1) {
      const userId = `${this.#run}-${n % userCount}`;
      const alarmId = `alarm-${Math.floor(this.#chance() * alarmCount)}`;
      const status = statuses[Math.floor(this.#chance() * statuses.length)] ?? 'CRITICAL';
      const change = this.#change(userId, alarmId, status, n);
      changes.push(change);
      if (this.#chance() < duplicateShare) changes.push(change);
    }
    if (isShuffled) this.#shuffle(changes);
    for (const [userId, alarms] of this.#model) if (activeOf(alarms).size > 0) this.#incomplete.add(userId);
    return changes;
  }

  /** A new alarm of a user of its own. */
  ping(n: number): Change {
    return this.#change(`${this.#run}-ping-${n}`, 'alarm', 'CRITICAL', n);
  }

  incompleteUsers(): readonly string[] {
    return [...this.#incomplete];
  }

  isComplete(): boolean {
    return this.#incomplete.size === 0;
  }

  hear(text: string, atMonoMs: number): void {
    if (!text.includes(this.#run)) return;
    const digest = JSON.parse(text) as { UserID: string; ActiveAlarms: Record<string, string>[] };
    this.lastHeardAtMonoMs = atMonoMs;
    this.digestCount += 1;
    const alarms = this.#heard.get(digest.UserID) ?? new Map<string, string>();
    this.#heard.set(digest.UserID, alarms);
    for (const { AlarmID: alarmId = '', Status, LatestChangedAt } of digest.ActiveAlarms) {
      if (Status !== 'CRITICAL' && Status !== 'WARNING') this.#strange.push(`${digest.UserID}: ${text}`);
      alarms.set(alarmId, `${Status} ${LatestChangedAt}`);
    }
    if (this.#differences(digest.UserID).length === 0) this.#incomplete.delete(digest.UserID);
    this.#waiting.get(digest.UserID)?.();
  }

  /** When the digest of this user was heard; asks again every second, since on Kafka a command may overtake its alarm. */
  async heard(userId: string, askAgain: () => void): Promise<number> {
    const arrived = new AbortController();
    this.#waiting.set(userId, () => arrived.abort());
    for (let round = 0; !this.#heard.has(userId) && round < 10; round += 1) {
      if (round > 0) askAgain();
      await systemClock.sleep(askAgainMs, arrived.signal);
    }
    this.#waiting.delete(userId);
    return systemClock.monoMs();
  }

  /** Where digests and model differ: an active alarm whose newest status was not sent, or what no change can explain. */
  problems(): readonly string[] {
    return [...this.#strange, ...[...this.#model.keys()].flatMap((userId) => this.#differences(userId))];
  }

  #differences(userId: string): readonly string[] {
    const heard = this.#heard.get(userId);
    const differences: string[] = [];
    for (const [alarmId, newest] of activeOf(this.#model.get(userId) ?? new Map())) {
      const said = heard?.get(alarmId);
      if (said !== newest) differences.push(`${userId} ${alarmId}: expected ${newest}, heard ${said ?? 'nothing'}`);
    }
    return differences;
  }

  #change(userId: string, alarmId: string, status: string, n: number): Change {
    const micros = String(n % 1_000).padStart(3, '0');
    const at = `${new Date(startMs + Math.floor(n / 1_000)).toISOString().slice(0, -1)}${micros}Z`;
    const alarms = this.#model.get(userId) ?? new Map<string, string>();
    this.#model.set(userId, alarms);
    alarms.set(alarmId, `${status} ${at}`);
    return {
      userId,
      text: `{"AlarmID":"${alarmId}","UserID":"${userId}","Status":"${status}","ChangedAt":"${at}"}`,
    };
  }

  #shuffle(changes: Change[]): void {
    for (let last = changes.length - 1; last > 0; last -= 1) {
      const other = Math.floor(this.#chance() * (last + 1));
      const [a, b] = [changes[last], changes[other]];
      if (a === undefined || b === undefined) continue;
      changes[last] = b;
      changes[other] = a;
    }
  }

  /** Xorshift: good enough to mix, and the same in every run. */
  #chance(): number {
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    return (this.#seed >>> 0) / 0x1_0000_0000;
  }
}

function activeOf(alarms: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...alarms].filter(([, newest]) => !newest.startsWith('CLEARED')));
}
