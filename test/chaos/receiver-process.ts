import { type ChildProcess, fork } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CleanUp } from '../support/services.js';
import type { ChaosReceipt } from './history.js';
import type { ReceiptLine } from './receiver.js';

/** The receiver, in a process that no fault concerns, and its ledger. */
export class ReceiverProcess {
  readonly url: string;
  /** As of a second ago. */
  count = 0;
  readonly #file: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, file: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#file = file;
    this.#child = child;
    child.on('message', (told: { count?: number }) => {
      this.count = told.count ?? this.count;
    });
  }

  static async start(test: CleanUp, file: string): Promise<ReceiverProcess> {
    const child = fork(new URL('receiver.js', import.meta.url), [file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    test.after(async () => {
      child.kill('SIGKILL');
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (told: { port: number }) => resolve(told.port));
      child.once('exit', (code) => reject(new Error(`the receiver ended with code ${code}`)));
    });
    return new ReceiverProcess(child, port, file);
  }

  /** From now on it takes connections and requests, and neither notes nor answers any; or it does again. */
  hang(isHanging: boolean): void {
    this.#child.send({ isHanging });
  }

  /** The whole ledger, in the order of arrival. */
  async receipts(): Promise<readonly ChaosReceipt[]> {
    const receipts: ChaosReceipt[] = [];
    for await (const text of createInterface({ input: createReadStream(this.#file) })) {
      const { t, id, alarm, name, method, pid, parent } = JSON.parse(text) as ReceiptLine;
      receipts.push({
        ...{ id, alarmId: alarm, methodId: method, atMs: t, serial: Number(name.slice('serial '.length)) },
        ...{ pid, engine: parent },
      });
    }
    return receipts;
  }
}
