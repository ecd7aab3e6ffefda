/**
 * What a person sees of the demo: headings, blocks of received text, one table; colours only on a terminal.
 */
const INDENT = '   ';
const WIDTH = 100;

/** Text of others, fit for a terminal: no control characters but the blank. */
function printable(text) {
  return text.replace(/\p{Cc}/gu, '?');
}

function shortened(text, width) {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/**
 * A screen on `write`. Its paints (`bold`, `dim`, `red`, `green`, `yellow`, `cyan`) return the text as it is when `isColoured`
 * is false.
 */
export function makeScreen(write, isColoured) {
  const paint = (code) => (text) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text);
  const paints = {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
  };
  const { bold, dim, cyan } = paints;
  const line = (text = '') => write(`${text}\n`.replace(/ +\n$/, '\n'));
  return {
    ...paints,
    line,
    /** A line of an act. */
    say: (text) => line(`${INDENT}${text}`),
    /** What takes so long. */
    note: (text) => line(dim(`${INDENT}${text}`)),
    /** What is ready, aligned. */
    fact: (name, text) => line(`${INDENT}${name.padEnd(15)}${text}`),
    heading: (number, text) => line(`\n${bold(`${number}  ${text}`)}`),
    /** Something that arrived: a title, what it holds, and at the right when it came. */
    arrival: (title, when, lines) => {
      const gap = Math.max(2, WIDTH - INDENT.length - title.length - when.length);
      line(`\n${INDENT}${cyan(title)}${' '.repeat(gap)}${when}`);
      for (const text of lines) line(`${INDENT}${dim('│')} ${shortened(printable(text), WIDTH - INDENT.length - 2)}`);
    },
    table: (heads, rows) => printTable(line, heads, rows, paints),
  };
}

/** Rows of texts or `{ text, paint }`; columns whose head ends with `>` are right-aligned. */
function printTable(line, heads, rows, { bold }) {
  const isRight = heads.map((head) => head.endsWith('>'));
  const first = heads.map((head) => ({ text: head.replace(/>$/, ''), paint: bold }));
  const cells = [first, ...rows].map((row) =>
    row.map((cell) => (typeof cell === 'string' ? { text: cell, paint: String } : cell)),
  );
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column].text.length)));
  for (const row of cells) {
    const texts = row.map(({ text, paint }, column) =>
      paint(isRight[column] ? text.padStart(widths[column]) : text.padEnd(widths[column])),
    );
    line(`${INDENT}${texts.join('  ')}`);
  }
}
