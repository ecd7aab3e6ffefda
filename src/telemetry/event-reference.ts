import { errorCodes } from '../domain/errors.js';
import { errorTable } from './error-table.js';
import { type EventName, eventSpec, eventTable } from './event-table.js';
import { metricNames } from './metric-store.js';
import { fullMetricName, metricSpec } from './metric-table.js';

/** Sections of deploy/OPERATIONS.md that are written from the tables, by the name that their markers bear. */
export const referenceSections: Readonly<Record<string, () => string>> = {
  events: eventSection,
  metrics: metricSection,
  errors: errorSection,
  'exit-codes': exitSection,
};

/**
 * A document with each generated section written anew, between `<!-- begin NAME -->` and `<!-- end NAME -->`.
 *
 * @throws Error naming the sections whose markers are missing.
 */
export function withReferenceSections(document: string): string {
  let result = document;
  const missing: string[] = [];
  for (const [name, render] of Object.entries(referenceSections)) {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const from = result.indexOf(begin);
    const to = result.indexOf(end, from);
    if (from < 0 || to < 0) missing.push(name);
    else result = `${result.slice(0, from + begin.length)}\n\n${render()}\n${result.slice(to)}`;
  }
  if (missing.length > 0) throw new Error(`no markers for the generated sections ${missing.join(', ')}`);
  return result;
}

function eventSection(): string {
  const rows = Object.keys(eventTable)
    .filter(isEventName)
    .map((name) => {
      const { level, errorUnlessZero, meaning, action, counter } = eventSpec(name);
      const levels = errorUnlessZero === undefined ? level : `${level}; error unless \`${errorUnlessZero}\` is 0`;
      const counted = counter === undefined ? '' : `; counted in \`${counter}\``;
      return [`\`${name}\``, levels, `${meaning}${counted}`, action];
    });
  return table(['event', 'level', 'meaning', 'what to do'], rows);
}

function isEventName(name: string): name is EventName {
  return Object.hasOwn(eventTable, name);
}

function metricSection(): string {
  const rows = metricNames().map((name) => {
    const { kind, labels = [], help, values } = metricSpec(name);
    const listed = values === undefined ? '' : ` (${values.join(', ')})`;
    return [`\`${fullMetricName(name)}\``, kind, labels.join(', ') + listed, help];
  });
  return table(['metric', 'kind', 'labels', 'meaning'], rows);
}

function errorSection(): string {
  const rows = errorCodes.map((code) => [`\`${code}\``, errorTable[code].meaning, errorTable[code].action]);
  return table(['code', 'meaning', 'what to do'], rows);
}

function exitSection(): string {
  return table(
    ['exit code', 'meaning', 'what a service manager does'],
    [
      ['0', 'stopped as asked', 'nothing'],
      ['1', 'failed; the last line of the log says why', 'starts it again'],
      ['2', 'wrong command line', 'nothing: it would fail again'],
      [
        '78',
        'wrong configuration, damaged offset node or missing right',
        'nothing: it would fail again, somebody must act',
      ],
    ],
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
