import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError, messageOf } from '../domain/errors.js';

/** Where the state of a producer lies between its runs. */
export interface StateStore {
  /** For messages. */
  readonly name: string;
  /** Undefined when there is none yet. @throws STORE_UNAVAILABLE */
  read(): Promise<string | undefined>;
  /** All or nothing, and on disk when it resolves. @throws STORE_UNAVAILABLE */
  replace(text: string): Promise<void>;
  /** Puts what is there aside, for people to look at. Never throws. */
  putAside(): Promise<void>;
}

/** A file that is replaced as a whole: written beside, synced, renamed. A crash leaves the old one or the new one. */
export function stateFile(path: string): StateStore {
  const failed = (what: string, error: unknown): EngineError =>
    new EngineError(
      'STORE_UNAVAILABLE',
      `cannot ${what} the state file ${path}: ${messageOf(error)}; see that its folder exists and may be written to`,
      { retriable: true, cause: error },
    );
  return {
    name: path,
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw failed('read', error);
      }
    },
    async replace(text) {
      try {
        await writeBeside(path, text);
      } catch (error) {
        throw failed('write', error);
      }
    },
    putAside: () => rename(path, `${path}.damaged`).catch(() => undefined),
  };
}

async function writeBeside(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  // The rename itself is on disk only when the folder is.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
