import { parseSchedule, type Schedule } from '../domain/schedule.js';
import type { MethodWish, WishingOwner } from '../ports/digest.js';

/** A method of the engine that says nothing. */
const methodDefault = 'every 24h';
/** Texts of rows come with messages: what is remembered of them has an end. */
const maxTextCount = 10_000;

/** When and what digests go out, for the workers. */
export interface DigestRules {
  /** What a command does when there is nothing to send. */
  readonly empty: 'skip' | 'send';
  /** The same for methods that say so themselves, by method id. */
  readonly methodEmpty?: ReadonlyMap<string, 'skip' | 'send'>;
  readonly tombstoneDays: number;
  /** When digests of an owner go out by themselves; undefined: on command only. */
  scheduleOf(owner: WishingOwner): Schedule | undefined;
}

/** What the configuration says of digests; its schedules were read once already, when it was checked. */
export interface DigestRuleTexts {
  readonly empty: 'skip' | 'send';
  readonly tombstoneDays: number;
  readonly schedule: string | undefined;
  readonly userSchedules: Iterable<readonly [userId: string, schedule: string]>;
  readonly methods: Iterable<readonly [methodId: string, own: MethodWish]>;
}

/**
 * The rules of all owners: a method's own schedule, first by the configuration, then by its row; then that of its user, then the general
 * one, then once a day.
 */
export function digestRules({ empty, tombstoneDays, ...texts }: DigestRuleTexts): DigestRules {
  const byText = new Map<string, Schedule | undefined>();
  const scheduleIn = (text: string | undefined): Schedule | undefined => {
    if (text === undefined) return undefined;
    // One object for one text: what is due is found once for all who share it.
    if (byText.size > maxTextCount) byText.clear();
    if (!byText.has(text)) byText.set(text, parseSchedule(text));
    return byText.get(text);
  };
  const general = scheduleIn(texts.schedule);
  const ofUsers = new Map([...texts.userSchedules].map(([id, text]) => [id, scheduleIn(text)]));
  const wishes = [...texts.methods];
  const ofMethods = new Map(wishes.map(([id, { schedule }]) => [id, scheduleIn(schedule)]));
  const daily = scheduleIn(methodDefault);
  return {
    empty,
    tombstoneDays,
    methodEmpty: new Map(wishes.flatMap(([id, own]) => (own.empty === undefined ? [] : [[id, own.empty]]))),
    scheduleOf({ userId, methodId, wish }) {
      const ofUser = ofUsers.get(userId) ?? general;
      return methodId === undefined
        ? ofUser
        : (ofMethods.get(methodId) ?? scheduleIn(wish?.schedule) ?? ofUser ?? daily);
    },
  };
}
