import type { LookupAddress } from 'node:dns';
import type { Clock } from '../../ports/system.js';
import { Slots } from '../slots.js';

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
  readonly #slots: Slots;
  readonly #open = new Map<string, Question>();

  constructor(resolve: ResolveHost, clock: Clock, atOnceCount: number) {
    this.#resolve = resolve;
    this.#clock = clock;
    this.#slots = new Slots(atOnceCount);
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
    const question: Question = { putAtMonoMs: undefined, answers: [] };
    this.#open.set(host, question);
    void this.#put(host, question);
    return question;
  }

  async #put(host: string, question: Question): Promise<void> {
    await this.#slots.enter('after');
    question.putAtMonoMs = this.#clock.monoMs();
    this.#resolve(host, (error, addresses) => {
      this.#slots.leave();
      this.#open.delete(host);
      for (const answer of question.answers) answer(0, error, addresses);
    });
  }
}
