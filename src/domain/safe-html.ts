/** Text of HTML that is safe already; everything else is escaped by `html`. */
export interface SafeHtml {
  readonly html: string;
}

type Part = string | number | bigint | SafeHtml | readonly SafeHtml[];

/** Joins a template of ours with values from anywhere, in text and in quoted attributes: what is not `SafeHtml` already is escaped. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): SafeHtml {
  const filled = texts.map((text, i) => text + (i < parts.length ? render(parts[i] ?? '') : ''));
  return { html: filled.join('') };
}

function render(part: Part): string {
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number' || typeof part === 'bigint') return String(part);
  if ('html' in part) return part.html;
  return part.map((one) => one.html).join('');
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
