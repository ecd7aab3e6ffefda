import type { LookupAddress } from 'node:dns';
import type { Clock } from '../../ports/system.js';

/** Asks the system for all addresses of a name, as `dns.lookup` with `all`. */
export type ResolveHost = (
  host: string,
  answer: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export type LookupAnswer = (
  /** How long the question waited for a thread of our own before it was put. */
  waitedMs: number,
  error: NodeJS.ErrnoException | null,
  addresses: readonly LookupAddress[],
) => void;

interface Question {
  readonly host: string;
  putAtMonoMs: number | undefined;
  readonly answers: LookupAnswer[];
}

/**
 * Asks for the addresses of hosts, one question per host at a time and no more than the system puts at once.
 *
 * The system works on few names at a time and lets the others wait without a word. That wait is ours and not the host's, so it is measured.
 */
export class HostLookups {
  readonly #resolve: ResolveHost;
  readonly #clock: Clock;
  readonly #atOnceCount: number;
  readonly #open = new Map<string, Question>();
  readonly #waiting: Question[] = [];
  #puttingCount = 0;

  constructor(resolve: ResolveHost, clock: Clock, atOnceCount: number) {
    this.#resolve = resolve;
    this.#clock = clock;
    this.#atOnceCount = atOnceCount;
  }

  find(host: string, answer: LookupAnswer): void {
    const askedAtMonoMs = this.#clock.monoMs();
    const question = this.#open.get(host) ?? this.#ask(host);
    question.answers.push((_, error, addresses) => {
      const putAtMonoMs = question.putAtMonoMs ?? askedAtMonoMs;
      answer(Math.max(0, putAtMonoMs - askedAtMonoMs), error, addresses);
    });
  }

  #ask(host: string): Question {
    const question: Question = { host, putAtMonoMs: undefined, answers: [] };
    this.#open.set(host, question);
    this.#waiting.push(question);
    this.#putNext();
    return question;
  }

  #putNext(): void {
    if (this.#puttingCount >= this.#atOnceCount) return;
    const question = this.#waiting.shift();
    if (question === undefined) return;
    this.#puttingCount += 1;
    question.putAtMonoMs = this.#clock.monoMs();
    this.#resolve(question.host, (error, addresses) => {
      this.#puttingCount -= 1;
      this.#open.delete(question.host);
      this.#putNext();
      for (const answer of question.answers) answer(0, error, addresses);
    });
  }
}
