export interface PlotLine {
  readonly name: string;
  /** One value a second. */
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  readonly lines: readonly PlotLine[];
  /** Upright lines, at a second, with a text that a pointer shows. */
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

const width = 960;
const height = 320;
const left = 56;
const right = 16;
const top = 48;
const bottom = 40;
const colours = ['#8a8f98', '#1668c7', '#c2410c'];

const escaped = (text: string) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

/** A line chart over seconds as a standalone SVG, readable on light and dark ground. */
export function plot({ title, lines, marks }: Plot): string {
  const longest = Math.max(1, ...lines.map(({ values }) => values.length));
  const highest = rounded(
    Math.max(1, ...lines.map(({ values }) => values.reduce((most, value) => Math.max(most, value), 0))),
  );
  const x = (second: number) => left + (second / longest) * (width - left - right);
  const y = (value: number) => height - bottom - (value / highest) * (height - top - bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = share * highest;
    return `<path d="M${left} ${y(value).toFixed(1)}H${width - right}" stroke="#d5d8dd"/><text x="${left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value}</text>`;
  });
  const step = rounded(longest / 8);
  const times = Array.from({ length: Math.floor(longest / step) + 1 }, (_, index) => index * step).map(
    (second) => `<text x="${x(second).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${second} s</text>`,
  );
  const strikes = marks.map(
    ({ at, text }) =>
      `<path d="M${x(at).toFixed(1)} ${top}V${height - bottom}" stroke="#c2410c" stroke-opacity=".35"><title>${escaped(text)}</title></path>`,
  );
  const drawn = lines.map(({ values }, index) => {
    const points = values.map((value, second) => `${x(second + 0.5).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
    return `<path d="M${points}" fill="none" stroke="${colours[index]}" stroke-width="1.5"/>`;
  });
  const names = [...lines.map(({ name }) => name), ...(marks.length > 0 ? ['fault'] : [])].map((name, index) => {
    const at = left + index * 190;
    const colour = index < lines.length ? colours[index] : '#c2410c';
    return `<path d="M${at} 34h18" stroke="${colour}" stroke-width="3"/><text x="${at + 24}" y="38">${escaped(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui,sans-serif" font-size="12" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="#fff"/><text x="${left}" y="20" font-size="14" font-weight="600">${escaped(title)}</text>`,
    ...[...grid, ...times, ...strikes, ...drawn, ...names],
    '</svg>',
    '',
  ].join('\n');
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
function rounded(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((each) => each >= value) ?? value;
}
