/**
 * One server process over its life: started until it answers, ended, killed, frozen, started again on the same port and data.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './command.mjs';
import { withProgress } from './progress.mjs';

const READY_LIMIT_MS = 90_000;
const ASK_EVERY_MS = 40;
const GRACE_MS = 5_000;

export class RunningServer {
  #server;
  #launcher;
  #log;
  #ended = Promise.resolve();
  #howEnded = 'not started';
  #isFirstStart = true;

  /** Process id of the present (or last) process; undefined before the first start. */
  pid;

  constructor(server, launcher, log) {
    this.#server = server;
    this.#launcher = launcher;
    this.#log = log;
  }

  get name() {
    return this.#server.name;
  }

  get isRunning() {
    return this.#howEnded === undefined;
  }

  /** What `down` needs to find the process again. */
  get record() {
    const { name, port, command, args, logFile } = this.#server;
    return { name, port, pid: this.pid, command, args, logFile };
  }

  /** Starts the process and waits until it answers. Throws, with its last 20 log lines, when it ends or stays silent. */
  async start() {
    await this.#server.prepare();
    let tellEnd;
    this.#ended = new Promise((resolve) => {
      tellEnd = resolve;
    });
    this.#howEnded = undefined;
    const ended = (how) => {
      this.#howEnded = how;
      tellEnd();
    };
    this.pid = await this.#launcher.start(this.#server, { ended });
    await withProgress(this.#log, `starting ${this.name}`, () => this.#untilAnswering());
    this.#isFirstStart = false;
  }

  async #untilAnswering() {
    const untilMs = Date.now() + READY_LIMIT_MS;
    let lastError = 'it answered "not yet"';
    while (this.isRunning && Date.now() < untilMs) {
      try {
        if (await this.#server.answers({ isFirstStart: this.#isFirstStart })) return;
      } catch (error) {
        lastError = error.message;
      }
      await sleep(ASK_EVERY_MS);
    }
    const why = this.isRunning
      ? `no answer within ${READY_LIMIT_MS / 1_000} s (${lastError})`
      : `ended with ${this.#howEnded}`;
    const log = await readFile(this.#server.logFile, 'utf8').catch(() => '');
    throw new Error(`${this.name}: ${why}. Its last log lines:\n${lastLines(log) || '(none)'}`);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill() {
    if (this.isRunning) this.#launcher.signal(this.name, 'SIGKILL');
    await this.#ended;
  }

  /** SIGTERM, SIGKILL after 5 s; resolves when the process is gone. */
  async end() {
    if (!this.isRunning) return;
    this.#launcher.signal(this.name, 'SIGCONT');
    this.#launcher.signal(this.name, 'SIGTERM');
    const timer = setTimeout(() => this.#launcher.signal(this.name, 'SIGKILL'), GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends the process if it runs, and starts it again with the same port and data; resolves when it answers. */
  async restart() {
    await this.end();
    await this.start();
  }

  pause() {
    this.#launcher.signal(this.name, 'SIGSTOP');
  }

  resume() {
    this.#launcher.signal(this.name, 'SIGCONT');
  }
}
