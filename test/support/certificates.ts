import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repoRoot } from './repo.js';

/** Path of a file of test/data/tls: its certificate and, but for `ca`, the key. */
export function certificateFile(name: string): string {
  return join(repoRoot(), 'test/data/tls', `${name}.pem`);
}

/** Certificate and key, as `node:tls` takes them. */
export function certificate(name: string): { readonly key: Buffer; readonly cert: Buffer } {
  const pem = readFileSync(certificateFile(name));
  return { key: pem, cert: pem };
}
