/** The value of one series in Prometheus text; undefined when there is none with exactly these labels. */
export function metricOf(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  for (const line of text.split('\n')) {
    const match = /^mon_notification_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null || match[1] !== name) continue;
    const given = match[2] === undefined || match[2] === '' ? [] : match[2].split(',');
    if (given.length === wanted.length && wanted.every((label) => given.includes(label))) return Number(match[3]);
  }
  return undefined;
}
