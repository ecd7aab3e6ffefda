import { readFileSync } from 'node:fs';

/** Everything that is pinned for the services: versions.json. */
export const versions = JSON.parse(readFileSync(new URL('versions.json', import.meta.url), 'utf8'));
