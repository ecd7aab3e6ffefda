import type { Config } from '../config/config.js';
import { systemClock } from '../runtime/clock.js';
import { type CommandArguments, type CommandIo, UsageError } from './command.js';
import { letterCapacity, scanLimitMs } from './dead-letters-list.js';
import { filterOptions, letterFilter } from './letter-filter.js';
import { LettersById } from './letters-by-id.js';
import type { ParkedLetter } from './parked-letter.js';
import { ParkedLetters } from './parked-letters.js';
import { scanTopics } from './scan-topics.js';
import { secondsOption } from './seconds-option.js';
import { timeText } from './time-option.js';

/** What a person has chosen to act on. */
export interface Choice {
  readonly letters: readonly ParkedLetter[];
  /** Ids of which nothing is known: a slip, or older than the topic's retention. */
  readonly unknownIds: readonly string[];
  /** Ids with which somebody has dealt before, with what they did; acting again would do nothing. */
  readonly settled: readonly { readonly id: string; readonly text: string }[];
  readonly isCut: boolean;
}

export const allOption = {
  all: { description: 'all that are parked and match the options below, of which at least one is needed' },
} as const;

/** Reads from the command line how letters are chosen, so that slips are told before anything is read. */
export function readChoice(args: CommandArguments): (config: Config, io: CommandIo) => Promise<Choice> {
  const filter = letterFilter(args, systemClock.nowMs());
  const limitMs = secondsOption(args, 'timeout', scanLimitMs);
  const ids = args.positionals;
  const isAll = args.has('all');
  if (isAll === ids.length > 0) throw new UsageError('name the letters by their ids, or give --all');
  if (!isAll && filter.isNarrow) throw new UsageError(`--${narrowing(args)} goes together with --all only`);
  if (isAll && !filter.isNarrow) {
    throw new UsageError('--all needs at least one of --reason, --type, --alarm, --since and --until');
  }
  return async (config, io) => {
    const topics = [config.kafka.deadLetterTopic];
    if (isAll) {
      const parked = new ParkedLetters(filter.matches, letterCapacity);
      await scanTopics(config, { topics, sinceMs: filter.sinceMs, limitMs }, io, (record) => parked.saw(record));
      return { letters: parked.letters, unknownIds: [], settled: [], isCut: parked.isCut };
    }
    const byId = new LettersById(ids);
    await scanTopics(config, { topics, sinceMs: undefined, limitMs }, io, (record) => byId.saw(record));
    return choiceOf(byId);
  };
}

function narrowing(args: CommandArguments): string {
  return Object.keys(filterOptions).find((name) => args.has(name)) ?? 'all';
}

function choiceOf(byId: LettersById): Choice {
  const letters: ParkedLetter[] = [];
  const unknownIds: string[] = [];
  const settled: { id: string; text: string }[] = [];
  for (const [id, found] of byId.found()) {
    switch (found.kind) {
      case 'parked':
        letters.push(found.letter);
        break;
      case 'settled': {
        const { outcome, atMs, by } = found.settlement;
        settled.push({ id, text: `was ${outcome} at ${timeText(atMs)} by ${by} and is not parked any more` });
        break;
      }
      case 'unknown':
        unknownIds.push(id);
        break;
      default:
        found satisfies never;
    }
  }
  return { letters, unknownIds, settled, isCut: false };
}
