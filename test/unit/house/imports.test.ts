import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, it } from 'node:test';
import { codeOf, fileAt, filesBelow, placesOf, type SourceFile } from '../../support/source-tree.js';

/** What a folder of src may import besides itself; `node` stands for the modules of Node. First match counts. */
const mayImport: readonly (readonly [folder: string, allowed: readonly string[]])[] = [
  ['src/domain', ['node:crypto']],
  ['src/ports', ['src/domain']],
  ['src/topology.ts', ['src/domain', 'src/ports']],
  ['src/telemetry', ['src/domain', 'src/ports', 'node']],
  ['src/stages', ['src/domain', 'src/ports', 'src/telemetry', 'src/delivery', 'src/retry']],
  ['src/waiting', ['src/domain', 'src/ports', 'src/telemetry']],
  ['src/retry', ['src/domain', 'src/ports', 'src/telemetry', 'src/delivery', 'src/waiting']],
  ['src/periodic', ['src/domain', 'src/ports', 'src/telemetry', 'src/delivery', 'src/waiting']],
  ['src/delivery', ['src/domain', 'src/ports', 'src/telemetry', 'src/retry', 'node:events']],
  ['src/canary', ['src/domain', 'src/ports', 'src/telemetry']],
  ['src/tracker', ['src/domain', 'src/ports', 'src/telemetry']],
  ['src/ownership', ['src/domain', 'src/ports', 'src/telemetry', 'node:events']],
  ['src/templates', ['src/domain', 'src/ports', 'src/telemetry']],
  ['src/notifiers/builtin.ts', ['src/notifiers', 'src/ports']],
  ['src/notifiers/', ['src/domain', 'src/ports', 'src/telemetry', 'src/templates', 'node', 'undici', 'nodemailer']],
  ['src/adapters/zookeeper', ['src/domain', 'src/ports', 'src/telemetry', 'src/tracker', 'src/ownership', 'node']],
  ['src/adapters', ['src/domain', 'src/ports', 'src/telemetry', 'node']],
  ['src/runtime', ['src/domain', 'src/ports', 'src/telemetry', 'src/topology.ts', 'node']],
  ['src/admin', ['src/domain', 'src/ports', 'src/telemetry', 'node']],
  ['src/config', ['src/domain', 'src/ports', 'node']],
  ['src/producers', ['src/domain', 'src/ports', 'src/telemetry', 'src/delivery', 'src/admin/listening.ts', 'node']],
  ['src/digest', ['src/domain', 'src/ports', 'src/telemetry', 'src/delivery', 'node']],
  // What the parts are built from, and what is shown of the whole: composition, like engine.ts itself.
  ['src/engine/crews.ts', ['src', 'node']],
  ['src/engine/engine-view.ts', ['src', 'node']],
  ['src/engine/outside-options.ts', ['src']],
  ['src/engine/ownership.ts', ['src', 'node']],
  [
    'src/engine/',
    ['src/domain', 'src/ports', 'src/telemetry', 'src/runtime', 'src/topology.ts', 'src/tracker', 'src/admin'],
  ],
  ['src/engine.ts', ['src', 'node']],
  ['src/worker', ['src', 'node']],
  ['src/cli', ['src', 'node']],
];

/** The only home of each outside library. */
const homes: Readonly<Record<string, string>> = {
  kafkajs: 'src/adapters/kafka/',
  fzstd: 'src/adapters/kafka/',
  lz4js: 'src/adapters/kafka/',
  snappyjs: 'src/adapters/kafka/',
  mysql2: 'src/adapters/mysql/',
  'node-zookeeper-client': 'src/adapters/zookeeper/',
  'js-yaml': 'src/config/',
  zod: 'src/config/',
  nodemailer: 'src/notifiers/email/',
  undici: 'src/notifiers/',
  liquidjs: 'src/templates/',
  '@nats-io/transport-node': 'src/adapters/nats/',
  '@nats-io/jetstream': 'src/adapters/nats/',
  '@nats-io/kv': 'src/adapters/nats/',
};

interface Import {
  readonly from: string;
  /** A path from the root of the repository, or a module's name as it stands. */
  readonly to: string;
  readonly isTypeOnly: boolean;
}

const sources = filesBelow('src', ['.ts']);
const imports = sources.flatMap(importsOf);

function importsOf(file: SourceFile): readonly Import[] {
  const code = codeOf(file.text, { keepStrings: true });
  const statement =
    /\b(?:import|export)\s+(type\s)?[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(statement)].map(([, type, from, bare]) => {
    const to = from ?? bare ?? '';
    const path = to.startsWith('.') ? posix.join(posix.dirname(file.path), to).replace(/\.js$/, '.ts') : to;
    return { from: file.path, to: path, isTypeOnly: type !== undefined };
  });
}

function isAllowed({ from, to }: Import): boolean {
  const [folder, allowed] = mayImport.find(([prefix]) => from.startsWith(prefix)) ?? ['', []];
  if (folder === '') return false;
  if (to in homes) return from.startsWith(homes[to] ?? '');
  if (to.startsWith('node:')) return allowed.includes('node') || allowed.includes(to);
  const isAnotherAdapter = from.startsWith('src/adapters/') && sibling(from) !== sibling(to);
  if (from.startsWith('src/adapters/') && posix.dirname(to) === 'src/adapters') return true;
  const isAnotherNotifier = /^src\/notifiers\/[^/]+\/[^/]+\/|^src\/notifiers\/[^/]+\//.test(from) && isOther(from, to);
  if (to.startsWith('src/adapters/') && isAnotherAdapter) return allowed.includes('src');
  if (isAnotherNotifier) return false;
  return to.startsWith(folder) || allowed.some((prefix) => to.startsWith(prefix)) || isNear(folder, to);
}

function sibling(path: string): string {
  return path.split('/').slice(0, 3).join('/');
}

/** Both lie in folders of notifiers, and not in the same. */
function isOther(from: string, to: string): boolean {
  return /^src\/notifiers\/[^/]+\//.test(to) && sibling(from) !== sibling(to);
}

/** `src/engine/` and `src/worker` are the parts of `engine.ts` and `worker.ts`. */
function isNear(folder: string, to: string): boolean {
  return posix.dirname(to) === folder.replace(/\/$/, '');
}

describe('imports', () => {
  it('are understood: the scan finds them in most files', () => {
    assert.ok(imports.length > sources.length, `${imports.length} imports in ${sources.length} files`);
  });

  it('follow the table', () => {
    assert.deepEqual(
      imports.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} imports ${to}`),
      [],
    );
  });

  it('name files that exist', () => {
    const paths = new Set(sources.map((file) => file.path));
    assert.deepEqual(
      imports.filter(({ to }) => to.startsWith('src/') && !paths.has(to)).map(({ from, to }) => `${from} -> ${to}`),
      [],
    );
  });

  it('make no cycle, types left aside', () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of imports.filter((one) => !one.isTypeOnly))
      next.set(from, [...(next.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): readonly string[] => {
      if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')];
      if (done.has(path)) return [];
      const found = (next.get(path) ?? []).flatMap((to) => visit(to, [...trail, path]));
      done.add(path);
      return found;
    };
    assert.deepEqual(
      sources.flatMap((file) => visit(file.path, [])),
      [],
    );
  });
});

describe('outside libraries', () => {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(fileAt('package.json')?.text ?? '{}');
  const names = Object.keys(manifest.dependencies);

  it('have one folder each, by whatever way they are loaded', () => {
    const strays = sources.flatMap((file) => {
      const code = codeOf(file.text, { keepStrings: true });
      return names
        .filter((name) => !file.path.startsWith(homes[name] ?? 'nowhere'))
        .flatMap((name) =>
          placesOf(file, code, new RegExp(`(?:from|import|require)\\w*\\s*\\(?\\s*['"]${name}(?:/[^'"]*)?['"]`, 'g')),
        );
    });
    assert.deepEqual(strays, []);
  });

  it('are each used', () => {
    const unused = names.filter(
      (name) => !sources.some((file) => file.text.includes(`'${name}'`) || file.text.includes(`'${name}/`)),
    );
    assert.deepEqual(unused, []);
  });
});

describe('globals', () => {
  const rules: readonly (readonly [what: string, pattern: RegExp, homes: readonly string[]])[] = [
    [
      'time, timers and chance',
      /\bDate\.now\b|\bnew Date\(\)|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\b|\bMath\.random\b|\bhrtime\b/g,
      ['src/runtime/clock.ts'],
    ],
    ['process', /(?<![.\w])process\s*\./g, ['src/cli/', 'src/worker', 'src/config/', 'src/runtime/', 'src/engine.ts']],
    ['fetch', /\bawait fetch\(|(?<![.\w#]|async )fetch\((?!.*\{$)/gm, ['src/notifiers/', 'src/cli/', 'src/producers/']],
    ['console', /\bconsole\b/g, []],
  ];
  for (const [what, pattern, allowedIn] of rules) {
    it(`of ${what} stay in ${allowedIn.join(', ') || 'no file at all'}`, () => {
      const strays = sources
        .filter((file) => !allowedIn.some((prefix) => file.path.startsWith(prefix)))
        .flatMap((file) => placesOf(file, codeOf(file.text), pattern));
      assert.deepEqual(strays, []);
    });
  }
});
