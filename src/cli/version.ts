import { readFileSync } from 'node:fs';

/** The version of the package that this file belongs to. */
export function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
    } catch {
      // Not in this folder: the compiled file lies at different depths in a build and in the tests.
    }
    if (folder.pathname === '/') return 'unknown';
  }
}
