/** Left-aligned first column, right-aligned others, as wide as their widest cell. */
export function columns(
  heads: readonly string[],
  rows: readonly (readonly (string | number | bigint)[])[],
): readonly string[] {
  const lines = [heads, ...rows.map((row) => row.map(String))];
  const widths = heads.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
}

/** A text from outside as a terminal may see it: without control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
