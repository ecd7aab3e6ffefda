import type { Markup } from './alarm-text.js';

/** Text with every sign that Markdown could read as markup behind a backslash. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_~|<>[\]]|^[#+-]/gm, '\\$&');
}

/** Markdown of chats: plain text escaped, links between angle brackets, where nothing of theirs is read as markup. */
export const markdown: Markup = { text: escapeMarkdown, link: (url) => `<${url}>` };
