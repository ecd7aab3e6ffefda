import { type Context, Liquid } from 'liquidjs';
import type { TemplatePart } from '../ports/notifier.js';
import { templateLimits } from './limits.js';

/** Nothing that reads files or other templates; no `capture`, whose content would be escaped twice. */
const allowedTags = ['#', 'assign', 'break', 'case', 'comment', 'continue', 'echo', 'for', 'if', 'raw', 'unless'];

/** Nothing that compiles text, draws lots, makes lists grow or switches escaping off. */
const allowedFilters = [
  ...['abs', 'append', 'at_least', 'at_most', 'capitalize', 'ceil', 'compact', 'date', 'default', 'divided_by'],
  ...['downcase', 'first', 'floor', 'join', 'json', 'last', 'lstrip', 'map', 'minus', 'modulo', 'plus', 'prepend'],
  ...['remove', 'remove_first', 'replace', 'replace_first', 'reverse', 'round', 'rstrip', 'size', 'slice', 'sort'],
  ...['split', 'strip', 'strip_newlines', 'times', 'truncate', 'truncatewords', 'uniq', 'upcase', 'url_encode'],
  ...['where'],
];

interface FilterThis {
  readonly context: Context;
}

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML shows it, in attributes too; what HTML does not allow is shown as one sign. */
function escapeHtml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  const shown = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd');
  return shown.replace(/[&<>"']/g, (sign) => htmlEntities[sign] ?? sign);
}

/** A value as JSON text; every text in it escaped for the receiver first. */
function jsonOf(value: unknown, clean: (text: string) => string, indent: unknown): string {
  const space = typeof indent === 'number' ? indent : 0;
  const text = JSON.stringify(value, (_key, one) => (typeof one === 'string' ? clean(one) : one), space);
  return text ?? 'null';
}

function plainText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? jsonOf(value, (text) => text, 0) : String(value);
}

/** How a value is written into a part: `{{ … }}` in JSON stands between quotes, or is a number, a list or an object without them. */
function writerOf({ format, escape: clean = (text) => text }: TemplatePart): (value: unknown) => string {
  switch (format) {
    case 'text':
      return (value) => clean(plainText(value));
    case 'html':
      return (value) => escapeHtml(clean(plainText(value)));
    case 'json':
      return (value) =>
        typeof value === 'object' && value !== null
          ? jsonOf(value, clean, 0)
          : JSON.stringify(clean(plainText(value))).slice(1, -1);
    default:
      return format satisfies never;
  }
}

/** Liquid with less in it: no files, listed tags and filters only, own properties only, and each value written as the part needs it. */
export function liquidFor(part: TemplatePart): Liquid {
  const write = writerOf(part);
  const liquid = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    templates: {},
    parseLimit: templateLimits.sourceCharacters,
    memoryLimit: templateLimits.memory,
    timezoneOffset: 0,
    locale: 'en-US',
    outputEscape(this: FilterThis, value: unknown) {
      const text = write(value);
      this.context.memoryLimit.use(text.length);
      return text;
    },
  });
  for (const name of Object.keys(liquid.tags)) if (!allowedTags.includes(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) if (!allowedFilters.includes(name)) liquid.unregisterFilter(name);
  const { date } = liquid.filters;
  liquid.registerFilter('date', function (value, ...args) {
    this.context.memoryLimit.use(templateLimits.dateCost);
    return typeof date === 'function' ? date.call(this, value, ...args) : value;
  });
  const clean = part.format === 'json' ? part.escape : undefined;
  liquid.registerFilter('json', {
    raw: part.format === 'json',
    handler(value: unknown, indent: unknown) {
      const text = jsonOf(value, clean ?? ((one) => one), indent);
      this.context.memoryLimit.use(text.length);
      return text;
    },
  });
  return liquid;
}
