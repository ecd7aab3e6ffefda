import { notificationId } from '../../src/domain/notification.js';
import { type AlarmPosition, partitionText, positionText, type TopicPartition } from '../../src/domain/position.js';
import type { StoredOffset } from '../../src/ports/progress.js';
import { Repeats } from './repeats.js';

export type AlarmKind = 'plain' | 'nobody' | 'disabled' | 'malformed' | 'poison';

/** One alarm as the producer knows it, and what has become of it. */
export interface Produced {
  readonly position: AlarmPosition;
  readonly alarmId: string;
  readonly kind: AlarmKind;
  readonly methodIds: readonly string[];
  /** The transition of the same alarm before this one, in the same partition. */
  readonly before: Produced | undefined;
  readonly recorded: Set<string>;
  isParked: boolean;
  /** Workers died with it: it will be parked, and what follows it need not wait. */
  isConvicted: boolean;
  /** Retention took it. */
  isRemoved: boolean;
}

/** A send as the world sees it begin. */
export interface BegunSend {
  readonly id: string;
  readonly position: AlarmPosition;
  readonly methodId: string;
  readonly run: string;
  readonly worker: string;
  readonly leaseEndsAtMs: number;
  /** The lock of its term, and another one under which the servers have somebody else as the holder. */
  readonly lock: string | undefined;
  readonly otherHolder: string | undefined;
}

interface Log {
  readonly alarms: Produced[];
  stored: StoredOffset | undefined;
  /** Alarms before this index were done when they were passed. */
  passedCount: number;
}

/** Looks at every write and every send of a run from outside, and remembers what must not be. */
interface Witness {
  nowMs(): number;
  trace(who: string, what: string): void;
}

export class Checker {
  readonly violations: string[] = [];
  /** Lock nodes that were taken from their holders before the time. */
  readonly excusedLocks = new Set<string>();
  readonly repeats = new Repeats(
    (text) => this.fail(text),
    (id) => this.#nameOf(id),
    (id) => this.#witness.trace('receiver', `receives ${this.#nameOf(id)}`),
  );
  readonly #logs = new Map<string, Log>();
  readonly #byPosition = new Map<string, Produced>();
  /** Notifications of which a send has ended, well or badly, or that were put off. */
  readonly #concluded = new Set<string>();
  /** Notification to the main under which it is being sent. */
  readonly #underWay = new Map<string, string>();
  readonly #recorded = new Set<string>();
  readonly #byId = new Map<string, { readonly alarm: Produced; readonly methodId: string }>();
  readonly #ids = new Map<string, string>();
  readonly #windowCount: number;
  readonly #witness: Witness;

  constructor(windowCount: number, witness: Witness) {
    this.#windowCount = windowCount;
    this.#witness = witness;
  }

  fail(text: string): void {
    if (this.violations.length < 20) {
      this.violations.push(`${this.#witness.nowMs().toFixed(1)} ms: ${text}`);
      this.#witness.trace('CHECKER', text);
    }
  }

  produced(alarm: Produced): void {
    this.#log(alarm.position).alarms.push(alarm);
    this.#byPosition.set(positionText(alarm.position), alarm);
    for (const methodId of alarm.methodIds) this.#byId.set(this.#idOf(alarm.position, methodId), { alarm, methodId });
    this.#witness.trace(
      'producer',
      `${positionText(alarm.position)} ${alarm.kind} ${alarm.alarmId} to ${alarm.methodIds.join(', ')}`,
    );
  }

  sendBegins(send: BegunSend): void {
    const alarm = this.#byPosition.get(positionText(send.position));
    if (alarm === undefined) {
      this.fail(`${send.id} of ${positionText(send.position)}, which nobody produced`);
      return;
    }
    const what = `${positionText(send.position)} to ${send.methodId} by ${send.worker}`;
    if (send.leaseEndsAtMs <= this.#witness.nowMs()) this.fail(`send begun after the lease ended: ${what}`);
    const isUsurped = send.otherHolder !== undefined && !this.excusedLocks.has(send.lock ?? '');
    if (isUsurped) this.fail(`two holders act: ${what} while ${lockName(send.otherHolder)} leads`);
    this.#witness.trace(send.worker, `sends ${positionText(send.position)} to ${send.methodId}`);
    this.#checkOrder(alarm, send, what);
    this.#checkWindow(alarm, what);
    this.#underWay.set(send.id, send.run);
  }

  /** However it ended; `isConcluded` when the receiver or the notifier decided. */
  sendEnded(id: string, isConcluded: boolean): void {
    this.#underWay.delete(id);
    if (isConcluded) this.#concluded.add(id);
  }

  /** A sender has decided what becomes of it, sent or not: what it put off unsent comes later or is superseded, and nothing waits for it. */
  settled(id: string): void {
    // Its sender may have died in the middle of a send; whoever decides now has it in hand.
    this.#underWay.delete(id);
    this.#concluded.add(id);
  }

  /** `outcome` undefined: there is one, but it will be told again. */
  recorded(position: AlarmPosition, methodId: string, outcome: string | undefined, term: string): void {
    const alarm = this.#byPosition.get(positionText(position));
    if (alarm === undefined) {
      this.fail(`record of ${positionText(position)}, which nobody produced`);
      return;
    }
    const id = this.#idOf(position, methodId);
    if (outcome === 'sent' && this.repeats.receiptCount(id) === 0)
      this.fail(`recorded as sent, never received: ${positionText(position)} to ${methodId}`);
    alarm.recorded.add(methodId);
    if (outcome === undefined) return;
    this.#recorded.add(`${id} ${term}`);
    this.#witness.trace('kafka', `${outcome} record of ${positionText(position)} to ${methodId}`);
  }

  parked(position: AlarmPosition): void {
    const alarm = this.#byPosition.get(positionText(position));
    if (alarm === undefined) {
      this.fail(`dead letter of ${positionText(position)}, which nobody produced`);
      return;
    }
    alarm.isParked = true;
    this.#witness.trace('kafka', `dead letter of ${positionText(position)}`);
  }

  convicted(position: AlarmPosition): void {
    const alarm = this.#byPosition.get(positionText(position));
    if (alarm !== undefined) alarm.isConvicted = true;
  }

  committed(partition: TopicPartition, stored: StoredOffset): void {
    const log = this.#log(partition);
    const { nextToRead, finishedAbove } = stored;
    if (log.stored !== undefined && nextToRead < log.stored.nextToRead)
      this.fail(`committed went back: ${partitionText(partition)} from ${log.stored.nextToRead} to ${nextToRead}`);
    log.stored = stored;
    for (let alarm = log.alarms[log.passedCount]; alarm !== undefined; alarm = log.alarms[log.passedCount]) {
      if (alarm.position.offset >= nextToRead) break;
      if (!isDone(alarm))
        this.fail(`commit past an unfinished alarm: ${positionText(alarm.position)}, to ${nextToRead}`);
      log.passedCount += 1;
    }
    for (let bit = 0; bit < finishedAbove.length * 8; bit += 1) {
      if (((finishedAbove[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) continue;
      const at = { ...partition, offset: nextToRead + BigInt(bit) };
      const alarm = this.#byPosition.get(positionText(at));
      if (alarm === undefined || !isDone(alarm)) this.fail(`committed as finished, but it is not: ${positionText(at)}`);
    }
  }

  /** True when a worker of this term has written the outcome: nothing but the end of the term can repeat it. */
  isRecorded(id: string, term: string): boolean {
    return this.#recorded.has(`${id} ${term}`);
  }

  /** True for a notification of an alarm that a take-over at this moment would not look at again. */
  isCovered(id: string): boolean {
    const position = this.#byId.get(id)?.alarm.position;
    const stored = position && this.#log(position).stored;
    if (position === undefined || stored === undefined) return false;
    const bit = Number(position.offset - stored.nextToRead);
    return bit < 0 || ((stored.finishedAbove[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  /** The world has healed and time enough has passed: what is not done yet never will be. */
  leftOver(): readonly string[] {
    const left: string[] = [];
    for (const [name, log] of this.#logs) {
      for (const alarm of log.alarms)
        if (!isDone(alarm)) left.push(`not done: ${positionText(alarm.position)} (${alarm.kind})`);
      const last = log.alarms.findLast((alarm) => !alarm.isRemoved);
      if (last !== undefined && (log.stored?.nextToRead ?? 0n) <= last.position.offset)
        left.push(`not committed: ${name} at ${log.stored?.nextToRead ?? 'nothing'}, last is ${last.position.offset}`);
    }
    return left;
  }

  #checkOrder(alarm: Produced, send: BegunSend, what: string): void {
    let before = alarm.before;
    while (before !== undefined && !before.methodIds.includes(send.methodId)) before = before.before;
    if (before === undefined || before.isConvicted || isDone(before)) return;
    const id = this.#idOf(before.position, send.methodId);
    if (this.#underWay.get(id) === send.run)
      this.fail(`overtakes ${positionText(before.position)}, under way: ${what}`);
    else if (!this.#concluded.has(id) && !before.recorded.has(send.methodId))
      this.fail(`overtakes ${positionText(before.position)}: ${what}`);
  }

  #checkWindow(alarm: Produced, what: string): void {
    const log = this.#log(alarm.position);
    const first = log.alarms.find(({ isRemoved }) => !isRemoved)?.position.offset ?? 0n;
    const committed = log.stored?.nextToRead ?? first;
    if (alarm.position.offset < committed + BigInt(this.#windowCount)) return;
    const uncommitted = log.alarms.some(
      ({ position, isRemoved }) =>
        !isRemoved && position.offset >= committed && position.offset < alarm.position.offset,
    );
    if (uncommitted) this.fail(`beyond the window of ${this.#windowCount} above ${committed}: ${what}`);
  }

  #nameOf(id: string): string {
    const told = this.#byId.get(id);
    return told === undefined ? id : `${positionText(told.alarm.position)} for ${told.methodId}`;
  }

  #idOf(position: AlarmPosition, methodId: string): string {
    const name = `${positionText(position)} ${methodId}`;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = notificationId(position, methodId);
    this.#ids.set(name, id);
    return id;
  }

  #log(partition: TopicPartition): Log {
    const name = partitionText(partition);
    const log = this.#logs.get(name) ?? { alarms: [], stored: undefined, passedCount: 0 };
    this.#logs.set(name, log);
    return log;
  }
}

function isDone(alarm: Produced): boolean {
  if (alarm.isParked || alarm.isRemoved || alarm.kind === 'nobody' || alarm.kind === 'disabled') return true;
  return alarm.kind !== 'malformed' && alarm.methodIds.every((id) => alarm.recorded.has(id));
}

/** Without the letters that the engine draws by true chance: no trace may hold them. */
function lockName(path: string | undefined): string {
  return path === undefined ? 'nobody' : path.slice(path.lastIndexOf('lock-'));
}
