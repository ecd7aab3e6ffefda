/** One change as it was published, in the order of its times. */
export interface PublishedChange {
  readonly userId: string;
  readonly alarmId: string;
  readonly status: string;
  readonly changedAt: string;
}

interface HeardDigest {
  readonly id: string;
  readonly text: string;
}

/** What a run of kills comes to. */
export interface DigestVerdict {
  readonly digests: number;
  /** Active alarms whose last status no digest contained. */
  readonly missing: readonly string[];
  /** Digests that came again under the same id. */
  readonly repeated: number;
  /** Alarms that were told twice under different ids. */
  readonly toldTwice: readonly string[];
  /** Entries that no published change explains. */
  readonly invented: readonly string[];
}

/** Everything that was published and heard, kept outside of the digest; each alarm's changes must be published in the order of their times. */
export class DigestLedger {
  readonly #changes = new Map<string, PublishedChange[]>();
  readonly #heard: HeardDigest[] = [];

  published(change: PublishedChange): void {
    const key = `${change.userId} ${change.alarmId}`;
    this.#changes.set(key, [...(this.#changes.get(key) ?? []), change]);
  }

  heard(id: string, text: string): void {
    this.#heard.push({ id, text });
  }

  get heardCount(): number {
    return this.#heard.length;
  }

  verdict(): DigestVerdict {
    const told = new Map<string, Set<string>>();
    const ids = new Set<string>();
    let repeated = 0;
    for (const { id, text } of this.#heard) {
      if (ids.has(id)) repeated += 1;
      ids.add(id);
      const { UserID, ActiveAlarms } = JSON.parse(text) as { UserID: string; ActiveAlarms: Record<string, string>[] };
      for (const { AlarmID, Status, LatestChangedAt } of ActiveAlarms) {
        const entry = `${UserID} ${AlarmID} ${Status} ${LatestChangedAt}`;
        told.set(entry, (told.get(entry) ?? new Set()).add(id));
      }
    }
    const published = new Set([...this.#changes.values()].flat().map(entryOf));
    return {
      digests: this.#heard.length,
      missing: [...this.#changes.values()].flatMap((changes) => missing(changes, told)),
      repeated,
      toldTwice: [...told].filter(([, under]) => under.size > 1).map(([entry]) => entry),
      invented: [...told.keys()].filter((entry) => !published.has(entry)),
    };
  }
}

function entryOf({ userId, alarmId, status, changedAt }: PublishedChange): string {
  return `${userId} ${alarmId} ${status} ${changedAt}`;
}

/** The last status of an alarm, if it is active, must have been told with one of the times since it began. */
function missing(changes: readonly PublishedChange[], told: ReadonlyMap<string, unknown>): readonly string[] {
  const last = changes.at(-1);
  if (last === undefined || last.status === 'CLEARED') return [];
  let first = changes.length - 1;
  while (first > 0 && changes[first - 1]?.status === last.status) first -= 1;
  const isTold = changes.slice(first).some((change) => told.has(entryOf(change)));
  return isTold ? [] : [entryOf(last)];
}
