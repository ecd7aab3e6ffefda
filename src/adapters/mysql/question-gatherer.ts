import { type EngineError, givenUp } from '../../domain/errors.js';
import type { NonEmpty } from '../../domain/position.js';
import type { Clock } from '../../ports/system.js';

/** Something asked by id. Only questions of one group can be put together. */
export interface Question {
  readonly group: string;
  readonly id: string;
}

interface Waiter<Answer> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Open<Answer> {
  readonly question: Question;
  readonly waiters: Set<Waiter<Answer>>;
}

const maxInFlight = 2;
const maxBatchCount = 256;
const plain = /^[\x21-\x7e]+$/;

/** The text by which ids are told apart that a database might hold equal: it ignores case and trailing blanks. */
export function foldOf(id: string): string {
  return id.trimEnd().toLowerCase();
}

/**
 * Puts questions that are open at one time into one query.
 *
 * Nothing waits for company: a question goes out at once while fewer than two queries are under way; what is asked meanwhile shares the next
 * one, the same question once. An answer under way is never shared, since it may be older than the question. What a database might hold
 * equal (ids that differ in case only) never meets in one query, and an id with blanks, control or non-ASCII characters goes alone: so each row
 * answers one question.
 */
export class QuestionGatherer<Answer> {
  readonly #ask: (questions: NonEmpty<Question>) => Promise<readonly Answer[]>;
  readonly #clock: Clock;
  readonly #open = new Map<string, Open<Answer>>();
  #inFlight = 0;
  #isScheduled = false;

  /** `ask` answers in the order of the questions, or fails for all of them. */
  constructor(ask: (questions: NonEmpty<Question>) => Promise<readonly Answer[]>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** @throws ABORTED when `signal` aborts first; else whatever `ask` throws. */
  ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const key = `${question.group}\n${question.id}`;
    return new Promise<Answer>((resolve, reject) => {
      const leave = () => {
        open.waiters.delete(waiter);
        if (open.waiters.size === 0 && this.#open.get(key) === open) this.#open.delete(key);
        reject(notWaitedFor());
      };
      const waiter: Waiter<Answer> = {
        resolve: (answer) => {
          signal.removeEventListener('abort', leave);
          resolve(answer);
        },
        reject: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      const open = this.#open.get(key) ?? { question, waiters: new Set() };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      open.waiters.add(waiter);
      this.#open.set(key, open);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= maxInFlight) return;
    this.#isScheduled = true;
    this.#clock.soon(() => {
      this.#isScheduled = false;
      while (this.#inFlight < maxInFlight && this.#open.size > 0) void this.#send(this.#next());
    });
  }

  /** The oldest question and those that may go with it. */
  #next(): readonly Open<Answer>[] {
    const batch: Open<Answer>[] = [];
    const folds = new Set<string>();
    for (const [key, open] of this.#open) {
      const { group, id } = open.question;
      const first = batch[0]?.question;
      const fits = first === undefined || (first.group === group && plain.test(id) && !folds.has(foldOf(id)));
      if (!fits) continue;
      this.#open.delete(key);
      batch.push(open);
      folds.add(foldOf(id));
      if (batch.length >= maxBatchCount || !plain.test(id)) break;
    }
    return batch;
  }

  async #send(batch: readonly Open<Answer>[]): Promise<void> {
    const [first, ...rest] = batch.map((open) => open.question);
    if (first === undefined) return;
    this.#inFlight += 1;
    try {
      const answers = await this.#ask([first, ...rest]);
      for (const [index, open] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) throw new TypeError('expected an answer to each question');
        for (const waiter of open.waiters) waiter.resolve(answer);
      }
    } catch (error) {
      for (const open of batch) for (const waiter of open.waiters) waiter.reject(error);
    } finally {
      this.#inFlight -= 1;
      if (this.#open.size > 0) this.#schedule();
    }
  }
}

/** What a lookup that was not waited for ends with. */
export function notWaitedFor(): EngineError {
  return givenUp('the lookup was given up');
}
