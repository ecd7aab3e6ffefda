import { randomBytes } from 'node:crypto';

/** A name that no other test uses: for topics, databases, znodes. The prefix says in listings what it was for. */
export function randomName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`;
}
