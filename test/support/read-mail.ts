/** A part of a mail: its headers unfolded, by lower-case name, and its text decoded. */
export interface MailPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

function partOf(raw: string): MailPart {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const text = decoded(raw.slice(end + 4), headers['content-transfer-encoding'] ?? '7bit');
  return { headers, text: text.replaceAll('\r\n', '\n') };
}

/** A mail and its parts: one, or those of `multipart/alternative`. */
export function readMail(raw: string): MailPart & { readonly parts: readonly MailPart[] } {
  const whole = partOf(raw.replace(/\r\n$/, ''));
  const boundary = /^multipart\/alternative;.*boundary="?([^";]+)/.exec(whole.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return { ...whole, parts: [whole] };
  const inner = whole.text.replaceAll('\n', '\r\n').split(`--${boundary}`).slice(1, -1);
  return { ...whole, parts: inner.map((part) => partOf(part.replace(/^\r\n|\r\n$/g, ''))) };
}

/** The subject as people see it: encoded words decoded. Source: RFC 2047. */
export function subjectOf({ headers }: MailPart): string {
  const joined = (headers.subject ?? '').replace(/\?= +=\?/g, '?==?');
  return joined.replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
    decoded(
      kind.toUpperCase() === 'B' ? word : word.replaceAll('_', ' '),
      kind.toUpperCase() === 'B' ? 'base64' : 'quoted-printable',
    ),
  );
}
