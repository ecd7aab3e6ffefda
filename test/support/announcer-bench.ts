import type { AlarmStatus } from '../../src/domain/alarm-status.js';
import type { Announcement, AnnouncementSink, Receipt, Remembered } from '../../src/producers/announcement.js';
import { Announcer } from '../../src/producers/announcer.js';
import type { Slots } from '../../src/producers/slots.js';
import { FakeClock } from './fakes/fake-clock.js';

export const accepted: Receipt = { outcome: 'accepted' };
export const refused: Receipt = { outcome: 'refused', cause: 'got 500' };
export const unknown: Receipt = { outcome: 'unknown', cause: 'timed out' };

/** A sink that answers as it is told, after a while, and writes down what it was given. */
export class ScriptedSink implements AnnouncementSink {
  readonly told: string[] = [];
  readonly forgotten: string[] = [];
  keepsOrder = false;
  answers: Receipt[] = [];
  takesMs = 0;
  memory = new Map<string, Remembered>();
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async deliver({ alarm, kind, oldStatus, finding }: Announcement, signal: AbortSignal): Promise<Receipt> {
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    const answer = this.answers.shift() ?? accepted;
    if (this.takesMs > 0) await this.#clock.sleep(this.takesMs, signal);
    this.#atOnce -= 1;
    const receipt = signal.aborted ? unknown : answer;
    const name = alarm.key === 'a' ? '' : `${alarm.key} `;
    this.told.push(`${name}${kind} ${oldStatus}>${finding.status} ${receipt.outcome} @${this.#clock.monoMs()}`);
    return receipt;
  }

  remembered(key: string): Remembered | undefined {
    return this.memory.get(key);
  }

  rememberedKeys(): readonly string[] {
    return [...this.memory.keys()];
  }

  forget(key: string): void {
    this.forgotten.push(key);
  }

  async close(): Promise<void> {}
}

/** An announcer on the fake clock; `see` tells it of a status, found now. */
export function announcerBench({ repeatMs = 100_000, slots }: { repeatMs?: number | undefined; slots?: Slots } = {}) {
  const clock = new FakeClock();
  const sink = new ScriptedSink(clock);
  const ended: string[] = [];
  const announcer = new Announcer({
    sink,
    quickAttempts: 3,
    slots,
    clock,
    random: () => 0.5,
    ears: {
      attempted: () => undefined,
      ended: ({ kind, finding }, outcome) => void ended.push(`${kind} ${finding.status} ${outcome}`),
    },
  });
  const watched = (key: string) => {
    const identity = { tenantId: 't', alarmId: key, alarmDefinitionId: key };
    return { ...identity, key, name: key, description: undefined, repeatMs, worker: '001' };
  };
  const see = (status: AlarmStatus, key = 'a') =>
    announcer.observe(watched(key), { status, reason: status, details: undefined, scheduledMonoMs: clock.monoMs() });
  return { clock, sink, announcer, ended, see, watched };
}
