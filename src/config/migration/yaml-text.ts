import type { YamlNode } from '../yaml-document.js';

/** One key of a file to be written. `comment` stands in front of it, a line each. */
export interface YamlLine {
  /** Dotted. */
  readonly name: string;
  readonly value: YamlNode;
  readonly comment: readonly string[];
}

interface Branch {
  readonly children: Map<string, Branch>;
  line?: YamlLine;
}

/** Sections and keys in the order in which they come first, two blanks deep per level, an empty line between the outermost. */
export function yamlText(lines: readonly YamlLine[]): string {
  const root: Branch = { children: new Map() };
  for (const line of lines) {
    let branch = root;
    for (const part of line.name.split('.')) {
      const child = branch.children.get(part) ?? { children: new Map() };
      branch.children.set(part, child);
      branch = child;
    }
    branch.line = line;
  }
  return [...root.children].map(([key, branch]) => written(key, branch, '').join('\n')).join('\n\n');
}

function written(key: string, { line, children }: Branch, indent: string): readonly string[] {
  const name = scalarText(key);
  if (line === undefined) {
    return [`${indent}${name}:`, ...[...children].flatMap(([child, branch]) => written(child, branch, `${indent}  `))];
  }
  const comment = line.comment.map((text) => `${indent}# ${text}`);
  return [...comment, ...valueLines(name, line.value, indent)];
}

function valueLines(name: string, value: YamlNode, indent: string): readonly string[] {
  switch (value.kind) {
    case 'scalar':
      return [value.text === '' && value.plain ? `${indent}${name}:` : `${indent}${name}: ${scalarText(value.text)}`];
    case 'list': {
      const items = value.items.map((item) => (item.kind === 'scalar' ? scalarText(item.text) : '""'));
      return [`${indent}${name}: [${items.join(', ')}]`];
    }
    case 'section':
      return [
        `${indent}${name}:`,
        ...value.entries.flatMap((entry) => valueLines(scalarText(entry.key), entry.value, `${indent}  `)),
      ];
    default:
      return value satisfies never;
  }
}

/** As it is where that is plainly one text for every reader of YAML; else in double quotes, whose escapes are those of JSON. */
function scalarText(text: string): string {
  const isPlain =
    /^[A-Za-z0-9/_.][A-Za-z0-9/_.@:+-]*$/.test(text) && !/:$|^(\.|null$|~)/i.test(text) && !/^0\d/.test(text);
  return isPlain ? text : JSON.stringify(text);
}
