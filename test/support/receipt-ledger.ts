import { type FileHandle, open } from 'node:fs/promises';

/**
 * Writes receipts as JSON lines, outside the engine: what stands here has reached a receiver, whatever the engine says.
 *
 * Receipts that arrive while the disk is busy are written together, so that a receiver can wait for its line before it answers
 * and still take thousands a second.
 */
export class ReceiptLedger {
  readonly #file: FileHandle;
  readonly #withSync: boolean;
  #waiting: { readonly line: string; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle, withSync: boolean) {
    this.#file = file;
    this.#withSync = withSync;
  }

  /** Opens `path` for appending. With `fsync` a line is on the disk, not only with the system, when `append` resolves. */
  static async open(path: string, { fsync = false }: { readonly fsync?: boolean } = {}): Promise<ReceiptLedger> {
    return new ReceiptLedger(await open(path, 'a'), fsync);
  }

  /** Resolves when the receipt is written. */
  append(receipt: object): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${JSON.stringify(receipt)}\n`, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.appendFile(batch.map(({ line }) => line).join(''));
        if (this.#withSync) await this.#file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }
}
