import { EngineError, messageOf } from '../domain/errors.js';
import { type CommandIo, type ExitCode, UsageError } from './command.js';

/** A failed command repeats so much of what it said to people. */
const maxLineCount = 100;

/**
 * Lets a command that was asked for JSON end with a document on stdout also when it failed: `{ "error": { "code", "message" } }`.
 *
 * Only where it printed nothing itself: a result that is bad news, such as a send that was refused, has a document of its own.
 */
export class OneDocument {
  readonly io: CommandIo;
  readonly #out: CommandIo['out'];
  readonly #said: string[] = [];
  #isPrinted = false;

  constructor(io: CommandIo) {
    this.#out = io.out;
    this.io = {
      ...io,
      out: (line) => {
        this.#isPrinted = true;
        io.out(line);
      },
      err: (line) => {
        if (this.#said.length < maxLineCount) this.#said.push(line);
        io.err(line);
      },
    };
  }

  /** The command answered with this code; the message is then what it said on stderr. */
  ended(code: ExitCode): void {
    if (code !== 0) this.#print(code === 78 ? 'CONFIG_INVALID' : 'FAILED', this.#said.join('\n'));
  }

  failed(error: unknown): void {
    const code = error instanceof UsageError ? 'USAGE' : error instanceof EngineError ? error.code : 'INTERNAL_ERROR';
    this.#print(code, messageOf(error));
  }

  #print(code: string, message: string): void {
    if (!this.#isPrinted) this.#out(JSON.stringify({ error: { code, message } }));
  }
}
