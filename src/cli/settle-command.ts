import type { Config } from '../config/config.js';
import type { Settlement } from '../domain/replay.js';
import { allOption, type Choice, readChoice } from './chosen-letters.js';
import { printable } from './columns.js';
import { type Command, type CommandIo, configOption, type ExitCode, jsonOption } from './command.js';
import { loadOrReport } from './configuration.js';
import { scanLimitMs, scanTimeoutOption } from './dead-letters-list.js';
import { filterOptions } from './letter-filter.js';
import { secondsOption } from './seconds-option.js';
import { type SettleJob, settleLetters } from './settle-letters.js';

/** A command that deals with parked letters: `prepare` says what is done with each before it counts as dealt with. */
export function settleCommand(
  outcome: Settlement['outcome'],
  prepare: (config: Config) => SettleJob['prepare'],
): Command {
  return {
    positionals: '(ID… | --all)',
    options: { ...allOption, ...filterOptions, ...scanTimeoutOption, ...configOption, ...jsonOption },
    async run(args, io) {
      const choose = readChoice(args);
      const limitMs = secondsOption(args, 'timeout', scanLimitMs);
      const loaded = await loadOrReport(args, io);
      if (loaded === undefined) return 78;
      const { config } = loaded;
      const choice = await choose(config, io);
      const report = new Report(outcome, args.has('json'), io);
      const job = { outcome, limitMs, prepare: prepare(config), tell: report.tell };
      await settleLetters(config, choice.letters, job, io).finally(() => report.end(choice));
      return report.code(choice);
    },
  };
}

/** What is told of each letter, and of all in the end. */
class Report {
  readonly #outcome: Settlement['outcome'];
  readonly #isJson: boolean;
  readonly #io: CommandIo;
  readonly #settledIds: string[] = [];
  readonly #problems: { readonly id: string; readonly problem: string }[] = [];

  constructor(outcome: Settlement['outcome'], isJson: boolean, io: CommandIo) {
    this.#outcome = outcome;
    this.#isJson = isJson;
    this.#io = io;
  }

  readonly tell: SettleJob['tell'] = ({ id }, problem) => {
    if (problem === undefined) {
      this.#settledIds.push(id);
      if (!this.#isJson) this.#io.out(printable(`${id} ${this.#outcome}`));
    } else {
      this.#problems.push({ id, problem });
      this.#io.err(printable(`${id} not ${this.#outcome}: ${problem}`));
    }
  };

  /** Also when Kafka went away half way: what was done is told. */
  end({ unknownIds, settled, letters, isCut }: Choice): void {
    for (const { id, text } of settled) this.#io.err(printable(`${id} ${text}: nothing to do`));
    for (const id of unknownIds) {
      this.#io.err(printable(`${id} is not parked; mon-notification dead-letters list prints what is`));
    }
    if (this.#isJson) {
      const already = settled.map(({ id }) => id);
      const problems = [...this.#problems, ...unknownIds.map((id) => ({ id, problem: 'not parked' }))];
      this.#io.out(JSON.stringify({ [this.#outcome]: this.#settledIds, already_settled: already, problems }));
    }
    this.#io.err(`${this.#settledIds.length} of ${letters.length} ${this.#outcome}`);
    if (isCut) this.#io.err('more letters match: run this again for the next ones');
  }

  code({ unknownIds }: Choice): ExitCode {
    return this.#problems.length === 0 && unknownIds.length === 0 ? 0 : 1;
  }
}
