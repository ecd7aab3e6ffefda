import { Secret } from '../domain/secret.js';
import type { NotifierSection, Tls } from './config.js';

/** The sections as their notifiers take them: plain values, secrets revealed. For the workers that send, and for nothing else. */
export function revealedSections(
  sections: Readonly<Record<string, NotifierSection>>,
): Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> {
  return Object.fromEntries(Object.entries(sections).map(([type, section]) => [type, revealedSection(section)]));
}

function revealedSection(section: NotifierSection): Readonly<Record<string, string | number | boolean>> {
  const plain = Object.entries(section).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : value]);
  return Object.fromEntries(plain);
}

/** What `node:tls` and the clients built on it take, secrets revealed. */
export function revealedTls(tls: Tls): Readonly<Record<string, string | boolean>> {
  const { key, passphrase, ...plain } = tls;
  return {
    ...plain,
    ...(key === undefined ? {} : { key: key.reveal() }),
    ...(passphrase === undefined ? {} : { passphrase: passphrase.reveal() }),
  };
}
