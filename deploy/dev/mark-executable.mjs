/**
 * Makes the commands of the package executable: the compiler leaves that out, and a link from /usr/bin needs it.
 */
import { chmodSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

for (const file of new Set(Object.values(bin))) chmodSync(new URL(file, root), 0o755);
