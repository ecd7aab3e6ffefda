import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../domain/errors.js';

/** The text of a PEM file that `key` of the configuration names; undefined where it names none. @throws CONFIG_INVALID when it cannot be read. */
export function readPemFile(path: string | undefined, key: string): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError('CONFIG_INVALID', `${key}: cannot read ${path}`, error);
  }
}
