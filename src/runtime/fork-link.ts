import type { ChildProcess, SendHandle } from 'node:child_process';
import type { Link } from '../ports/flow.js';

interface Channel {
  send(
    message: object,
    handle: SendHandle | undefined,
    options: object,
    callback: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  disconnect(): void;
  readonly connected: boolean;
}

/**
 * One end of the IPC channel of `child_process.fork`, JSON.
 *
 * `send` never waits: it buffers without bound, so the caller keeps to credits. What was written when the other side dies is lost without
 * a word; only an answer by position means that an item was received.
 */
export class ForkLink<Out extends object, In> implements Link<Out, In> {
  readonly closed: Promise<void>;
  readonly #channel: Channel;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(channel: Channel) {
    this.#channel = channel;
    this.closed = new Promise((resolve) => channel.once('disconnect', () => resolve()));
  }

  send(message: Out): void {
    if (!this.#channel.connected) return;
    this.#lastWrite = new Promise((resolve) => this.#channel.send(message, undefined, {}, () => resolve()));
  }

  /** Resolves when the last message is written: a process that exits before cuts it off. */
  flushed(): Promise<void> {
    return this.#lastWrite;
  }

  onMessage(listener: (message: In) => void): void {
    this.#channel.on('message', (message) => listener(message as In));
  }

  close(): void {
    if (this.#channel.connected) this.#channel.disconnect();
  }
}

/** The end in the main process. */
export function linkToChild<Out extends object, In>(child: ChildProcess): ForkLink<Out, In> {
  return new ForkLink(child as unknown as Channel);
}

/** The end in the worker. */
export function linkToParent<Out extends object, In>(): ForkLink<Out, In> {
  return new ForkLink(process as unknown as Channel);
}
