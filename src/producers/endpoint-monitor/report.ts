import { type Availability, type PercentStyle, percentOf, type Tally, totalOf } from './availability.js';

export interface ReportStyle {
  readonly percent: PercentStyle;
  /** With a line for each endpoint. */
  readonly hasDetails: boolean;
}

/** One block: a line for each domain, with `hasDetails` one for each endpoint, and the line that ends it. */
export function reportBlock(availability: Availability, { percent, hasDetails }: ReportStyle): readonly string[] {
  const domains = availability
    .domains()
    .map(([domain, tally]) => `${domain} has ${percentOf(tally.up, totalOf(tally), percent)}% availability percentage`);
  const endpoints = hasDetails
    ? availability.endpoints().map(([{ name }, tally]) => `${oneLine(name)}: ${shares(tally)}`)
    : [];
  return [...domains, ...endpoints, '---'];
}

function shares(tally: Readonly<Tally>): string {
  const total = totalOf(tally);
  const share = (count: number) => ((100 * count) / total).toFixed(2);
  return `${share(tally.up)}% up, ${share(tally.degraded)}% degraded, ${share(tally.down)}% down`;
}

/** A name of the file must neither begin a line of its own nor steer a terminal. */
function oneLine(name: string): string {
  return name.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
