import type { RawRecord } from '../adapters/kafka/topic-reader.js';
import { parseOutcomeRecord } from '../domain/parse-outcome-record.js';
import { parseSettlement } from '../domain/replay.js';
import { printable } from './columns.js';
import { type Command, type CommandIo, configOption, jsonOption, UsageError } from './command.js';
import { loadOrReport } from './configuration.js';
import { scanLimitMs, scanTimeoutOption } from './dead-letters-list.js';
import { LettersById } from './letters-by-id.js';
import { letterDocument, type ParkedLetter } from './parked-letter.js';
import { scanTopics } from './scan-topics.js';
import { secondsOption } from './seconds-option.js';
import { timeText } from './time-option.js';

/** Shows all that is known of one letter: why, whose, every attempt, and the message itself. */
export const command: Command = {
  positionals: 'ID',
  options: { ...scanTimeoutOption, ...configOption, ...jsonOption },
  async run(args, io) {
    const [id, ...others] = args.positionals;
    if (id === undefined || others.length > 0) throw new UsageError('name one letter by its id');
    const limitMs = secondsOption(args, 'timeout', scanLimitMs);
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const byId = new LettersById([id]);
    // One key may lie in two partitions, when the topic was given more of them.
    const newest = new Map<number, RawRecord>();
    const topics = [loaded.config.kafka.deadLetterTopic];
    await scanTopics(loaded.config, { topics, sinceMs: undefined, limitMs }, io, (record) => {
      byId.saw(record);
      const isLetter = record.key === id && parseSettlement(record.value, record.headers, record) === undefined;
      if (isLetter) newest.set(record.partition, record);
    });
    const found = byId.found().get(id);
    if (found?.kind === 'settled') {
      const { outcome, atMs, by } = found.settlement;
      io.err(printable(`${id} was ${outcome} at ${timeText(atMs)} by ${by} and is not parked any more`));
    } else if (found?.kind === 'parked') {
      const record = newest.get(found.letter.at.partition);
      if (record !== undefined) show(found.letter, record, args.has('json'), io);
      return 0;
    } else io.err(printable(`${id} is not parked; mon-notification dead-letters list prints what is`));
    return 1;
  },
};

function show(letter: ParkedLetter, record: RawRecord, isJson: boolean, io: CommandIo): void {
  const content = contentOf(record);
  if (isJson) {
    io.out(JSON.stringify({ ...letterDocument(letter), headers: record.headers, ...content }));
    return;
  }
  for (const [name, value] of Object.entries(letterDocument(letter))) {
    if (value === null || name === 'parked_at') continue;
    io.out(printable(`${name.padEnd(12)} ${value}`));
  }
  io.out(`${'parked_at'.padEnd(12)} ${timeText(letter.parkedAtMs)}`);
  for (const { attempt, at, failure } of content.history ?? []) {
    io.out(`${'attempt'.padEnd(12)} ${attempt} at ${timeText(at)}: ${failure}`);
  }
  io.out('');
  io.out(printable(content.raw_text));
}

interface Content {
  readonly history?: readonly { readonly attempt: number; readonly at: number; readonly failure: string }[];
  /** The message as text, what is no UTF-8 replaced. */
  readonly raw_text: string;
  /** The same, exactly. */
  readonly raw_base64: string;
}

/** The alarm of a notification, the bytes of a message: never the address of a method. */
function contentOf(record: RawRecord): Content {
  try {
    const read = parseOutcomeRecord(record.value, record.headers, record);
    if (read.kind === 'letter') return rawContent(read.raw);
    const history = read.history.map(({ attempt, atMs, failure }) => ({ attempt, at: atMs, failure }));
    return { history, ...rawContent(Buffer.from(read.notification.alarm.rawAlarm)) };
  } catch {
    return rawContent(withoutAddress(record.value));
  }
}

/** A record of ours that is only half there may hold an address all the same. */
function withoutAddress(value: Uint8Array): Uint8Array {
  const text = Buffer.from(value).toString('utf8');
  try {
    const members: unknown = JSON.parse(text);
    if (typeof members !== 'object' || members === null || !('address' in members)) return value;
    return Buffer.from(JSON.stringify({ ...members, address: '<redacted>' }));
  } catch {
    return value;
  }
}

function rawContent(raw: Uint8Array): Content {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return { raw_text: bytes.toString('utf8'), raw_base64: bytes.toString('base64') };
}
