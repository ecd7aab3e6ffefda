// Writes the generated sections of deploy/OPERATIONS.md from the tables in the built program. Run after `npm run build`.
import { readFileSync, writeFileSync } from 'node:fs';

const { withReferenceSections } = await import(new URL('../../dist/telemetry/event-reference.js', import.meta.url));
const file = new URL('../OPERATIONS.md', import.meta.url);
writeFileSync(file, withReferenceSections(readFileSync(file, 'utf8')));
