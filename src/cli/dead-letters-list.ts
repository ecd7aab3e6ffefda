import { systemClock } from '../runtime/clock.js';
import { printable } from './columns.js';
import { type Command, type CommandIo, configOption, jsonOption } from './command.js';
import { loadOrReport } from './configuration.js';
import { filterOptions, letterFilter } from './letter-filter.js';
import { letterDocument, type ParkedLetter } from './parked-letter.js';
import { ParkedLetters } from './parked-letters.js';
import { scanTopics } from './scan-topics.js';
import { secondsOption } from './seconds-option.js';
import { timeText } from './time-option.js';

/** Reading stops to take up further keys here; each letter costs about a kilobyte. */
export const letterCapacity = 50_000;
/** How long a topic may be read. */
export const scanLimitMs = 60_000;
export const scanTimeoutOption = {
  timeout: { value: 'SECONDS', description: 'how long Kafka may take (default 60)' },
} as const;

/** Lists what is parked and was neither replayed nor discarded: of each key the newest record. */
export const command: Command = {
  options: { ...filterOptions, ...scanTimeoutOption, ...configOption, ...jsonOption },
  async run(args, io) {
    const filter = letterFilter(args, systemClock.nowMs());
    const limitMs = secondsOption(args, 'timeout', scanLimitMs);
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const parked = new ParkedLetters(filter.matches, letterCapacity);
    const topics = [loaded.config.kafka.deadLetterTopic];
    await scanTopics(loaded.config, { topics, sinceMs: filter.sinceMs, limitMs }, io, (record) => parked.saw(record));
    if (args.has('json')) {
      io.out(JSON.stringify({ dead_letters: parked.letters.map(letterDocument), is_cut: parked.isCut }));
    } else for (const letter of parked.letters) for (const line of linesOf(letter)) io.out(printable(line));
    conclude(parked, io);
    return 0;
  },
};

function linesOf(letter: ParkedLetter): readonly string[] {
  const { id, parkedAtMs, outcome, reason = outcome, type, methodName, alarmName, state, detail, source } = letter;
  const whom = type === undefined ? `message ${source ?? 'unknown'}` : `${type} ${JSON.stringify(methodName)}`;
  const alarm = alarmName === undefined ? '' : `, ${state} ${JSON.stringify(alarmName)} (alarm ${letter.alarmId})`;
  const tries = letter.attempt === undefined ? '' : `, ${letter.attempt} tried`;
  return [`${id}  ${timeText(parkedAtMs)}  ${reason}  ${whom}${alarm}${tries}`, `    ${detail}`];
}

/** Says what the list does not. */
function conclude(parked: ParkedLetters, io: CommandIo): void {
  const count = parked.letters.length;
  io.err(count === 1 ? 'one letter is parked' : `${count === 0 ? 'no' : count} letters are parked`);
  if (parked.isCut) io.err(`more than ${letterCapacity} match: narrow the list, or deal with these and look again`);
  if (parked.keylessCount > 0) io.err(`${parked.keylessCount} records without a key cannot be named here`);
}
