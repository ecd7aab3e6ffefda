import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { repoRoot } from './repo.js';

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const root = repoRoot();
const skipped = new Set(['node_modules', 'dist', 'coverage', '.git', '.dev']);
const readFiles = new Map<string, SourceFile>();

/** Every file below a folder of the repository whose name ends in one of `endings`; a folder that is not there has none. */
export function filesBelow(folder: string, endings: readonly string[]): readonly SourceFile[] {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesBelow(path, endings);
      return entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)) ? [readSource(path)] : [];
    });
}

/** One file of the repository, or undefined when it is not there. */
export function fileAt(path: string): SourceFile | undefined {
  return existsSync(join(root, path)) ? readSource(path) : undefined;
}

function readSource(path: string): SourceFile {
  const known = readFiles.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(join(root, path), 'utf8');
  const file = { path, text, lines: text.split('\n') };
  readFiles.set(path, file);
  return file;
}

/**
 * The code of a file without its comments and, unless `keepStrings`, without what stands in its strings: blanks take their place, so that
 * lines and columns stay. Understands template literals with code inside, and regular expressions by what stands in front of them.
 */
export function codeOf(text: string, { keepStrings = false }: { readonly keepStrings?: boolean } = {}): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<=(?:^|[=(,:[!&|?{};>+\n]|\breturn|\bcase)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/|`(?:\\.|[^`\\$]|\$(?!\{))*(?:`|\$\{)|[{}]/g;
  const templateRest = /(?:\\.|[^`\\$]|\$(?!\{))*(?:`|\$\{)/y;
  const openBraces: ('block' | 'template')[] = [];
  let out = '';
  let at = 0;
  const blank = (found: string, isComment: boolean) => {
    out += keepStrings && !isComment ? found : found.replace(/[^\n]/g, ' ');
  };
  for (token.lastIndex = 0; ; ) {
    const match = token.exec(text);
    if (match === null) return out + text.slice(at);
    const [found] = match;
    out += text.slice(at, match.index);
    at = match.index + found.length;
    if (found === '{') openBraces.push('block');
    if (found.startsWith('`') && found.endsWith('${')) openBraces.push('template');
    if (found === '{' || (found === '}' && openBraces.pop() !== 'template')) out += found;
    else if (found !== '}') blank(found, /^\/[/*]/.test(found));
    else {
      templateRest.lastIndex = at;
      const rest = templateRest.exec(text)?.[0] ?? '';
      if (rest.endsWith('${')) openBraces.push('template');
      blank(`}${rest}`, false);
      at += rest.length;
    }
    token.lastIndex = at;
  }
}

/** `path:line` of every match in the text, for messages of tests. */
export function placesOf(file: SourceFile, text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return `${file.path}:${line} ${match[0].trim()}`;
  });
}
