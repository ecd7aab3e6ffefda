import type { NotifierPlugin, SectionKey } from '../ports/notifier.js';
import type { KeySpec } from './key-spec.js';
import { expectedOf } from './key-values.js';
import { retiredKeys } from './keys/retired-keys.js';
import { mayBeFile } from './known-names.js';
import { notifierKeys, schema, sectionKeyName } from './schema.js';

const head = `# Configuration reference

Generated from the schema; a test fails when it is stale. To write it anew:
\`npm run build:test && UPDATE_REFERENCE=1 node --test dist/.test/test/unit/config/reference.test.js\`.

One YAML file, \`/etc/mon/notification.yaml\` unless \`--config\` or \`MON_NOTIFICATION_CONFIG\` says otherwise; \`mon-notification check-config\`
reports everything that is wrong with it at once, \`mon-notification config show\` what is in force. \`notification.yaml\` beside this page has every
key, with comments.

- A key that is absent has its default; _required_ ones have none. An empty value means nothing: it is wrong for a required key, and switches off
  what says so. An unknown key is a warning with the nearest known name.
- Durations are seconds, or \`500ms\`, \`30s\`, \`5m\`, \`2h\`. \`yes\`, \`no\`, \`on\` and \`off\` are booleans at boolean keys only; at text keys the text
  counts as written, so \`0123\` stays \`0123\`.
- \`\${NAME}\` in a value is the environment variable, \`\${NAME:-default}\` has a default for one that is unset or empty, \`$\${\` is \`\${\` itself. A
  variable that is not set is a problem.
- Every secret \`k\` may be given as \`k_file\` instead: the path of a file, relative to the configuration file, whose last line break is dropped.
- The file should have mode 0640 when it holds secrets.
`;

/** The text of config/REFERENCE.md: every key that has an effect, and what became of those of the past. */
export function configReference(plugins: readonly NotifierPlugin[]): string {
  const documented = Object.entries<KeySpec>(schema);
  const groupOf = (key: string) => key.slice(0, key.indexOf('.'));
  const parts = [head];
  for (const group of new Set(documented.map(([key]) => groupOf(key)))) {
    const keys = documented.filter(([key]) => groupOf(key) === group);
    const rows = keys.map(([key, spec]) => row(key, spec, defaultText(spec)));
    parts.push(section(group, table([columns, ...rows])));
  }
  const specs = Object.entries(notifierKeys(plugins));
  for (const { type, keys } of plugins) {
    const prefix = sectionKeyName(type, '');
    const own = specs.filter(([name]) => name.startsWith(prefix));
    const rows = own.map(([name, spec], index) => row(name, spec, sectionDefaultText(keys[index])));
    parts.push(section(prefix.slice(0, -1), table([columns, ...rows])));
  }
  parts.push(section('templates', templatesText(plugins)));
  const retired = retiredKeys.map(({ name, notice }) => [`\`${name}\``, notice]);
  parts.push(section('Keys of the past', `Accepted with one notice.\n\n${table([['key', 'today'], ...retired])}`));
  return parts.join('\n');
}

/** What templates can write, by type. */
function templatesText(plugins: readonly NotifierPlugin[]): string {
  const rows = plugins.flatMap(({ type, parts = [] }) => {
    if (parts.length === 0) return [];
    const names = parts.map(
      ({ part, format }) => `\`${part}\`${format === 'text' ? '' : ` (${format.toUpperCase()})`}`,
    );
    return [[`\`templates.${type}\``, names.join(', ')]];
  });
  const how =
    'Liquid texts that replace the built-in ones. Each part may be given as `<part>_file`, relative to the configuration file, and for the method of one name\n' +
    'below `methods.<name>`. `templates/README.md` beside this page has the variables, the limits and examples.\n\n';
  return `${how}${table([['section', 'parts'], ...rows])}`;
}

const columns = ['key', 'default', 'accepts', 'meaning'];

function section(title: string, body: string): string {
  return `## ${title}\n\n${body}`;
}

/** Rows of cells as an aligned Markdown table; the first row is the head. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const [first = [], ...rest] = rows;
  return [first, widths.map((width) => '-'.repeat(width)), ...rest].map(line).join('');
}

function row(key: string, spec: KeySpec, fallback: string): readonly string[] {
  const names = [...(spec.also ?? []), ...(spec.older === undefined ? [] : [spec.older])];
  const other = names.length === 0 ? '' : ` (also \`${names.join('`, `')}\`)`;
  const accepts = mayBeFile(spec) ? `${expectedOf(spec)}; secret` : expectedOf(spec);
  return [`\`${key}\`${other}`, fallback, accepts, spec.description.replaceAll('|', '\\|')];
}

function defaultText(spec: KeySpec): string {
  if (spec.required) return '_required_';
  const { default: fallback } = spec;
  if (fallback === undefined) return 'none';
  return typeof fallback === 'object' ? `\`${JSON.stringify(fallback)}\`` : `\`${fallback}\``;
}

function sectionDefaultText(key: SectionKey | undefined): string {
  return key?.default === undefined ? 'none' : `\`${key.default}\``;
}
