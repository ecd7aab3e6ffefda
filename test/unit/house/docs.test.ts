import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { errorCodes } from '../../../src/domain/errors.js';
import { withReferenceSections } from '../../../src/telemetry/event-reference.js';
import { eventTable } from '../../../src/telemetry/event-table.js';
import { metricTable } from '../../../src/telemetry/metric-table.js';
import { fileAt, filesBelow, type SourceFile } from '../../support/source-tree.js';

/** A document that must be there as soon as the README is, which points to it. */
function documentAt(t: TestContext, path: string): SourceFile | undefined {
  const file = fileAt(path);
  if (file === undefined && fileAt('README.md') === undefined) t.skip(`${path} is not written yet`);
  else assert.ok(file !== undefined, `${path} is missing`);
  return file;
}

const sources = filesBelow('src', ['.ts']);
const code = sources.filter((file) => !file.path.endsWith('-table.ts')).map((file) => file.text);

function unusedOf(names: readonly string[]): readonly string[] {
  return names.filter((name) => !code.some((text) => text.includes(`'${name}'`)));
}

describe('deploy/OPERATIONS.md', () => {
  it('has its generated sections, and they are fresh', (t) => {
    const text = documentAt(t, 'deploy/OPERATIONS.md')?.text;
    if (text === undefined) return;
    assert.equal(withReferenceSections(text), text, 'run: npm run build && node deploy/dev/write-operations.mjs');
  });

  it('speaks of no event, metric or code that is gone', (t) => {
    const text = documentAt(t, 'deploy/OPERATIONS.md')?.text;
    if (text === undefined) return;
    const metrics = [...text.matchAll(/\bmon_notification_(\w+?)(?:_bucket|_sum|_count)?\b/g)].map(([, name]) => name);
    assert.deepEqual(
      metrics.filter((name) => name !== undefined && !Object.hasOwn(metricTable, name)),
      [],
    );
    const codes = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name]) => name);
    const environment = /^(?:MON|REQUIRE|KAFKA|MYSQL|ZOOKEEPER|NODE|NO)_/;
    assert.deepEqual(
      codes.filter((name) => !errorCodes.some((known) => known === name) && !environment.test(name ?? '')),
      [],
    );
  });
});

describe('the tables', () => {
  it('name only events that something tells', () => {
    assert.deepEqual(unusedOf(Object.keys(eventTable)), []);
  });

  it('name only metrics that something moves', () => {
    const counted = Object.values(eventTable).flatMap((event) => ('counter' in event ? [event.counter] : []));
    // Figures that are read when they are asked for stand in a snapshot under their own names.
    const isRead = (name: string) => code.some((text) => text.includes(`metrics: () => ({ ${name}: `));
    const unused = unusedOf(Object.keys(metricTable)).filter((name) => !counted.some((counter) => counter === name));
    assert.deepEqual(
      unused.filter((name) => !isRead(name)),
      [],
    );
  });

  it('name only codes that something throws', () => {
    const throwing = code.map((text) => text.replace(/export const errorCodes = \[[^\]]*\]/, ''));
    assert.deepEqual(
      errorCodes.filter((name) => !throwing.some((text) => text.includes(`'${name}'`))),
      [],
    );
  });
});

describe('the documents', () => {
  const documents = [
    ...[
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'deploy/OPERATIONS.md',
      'deploy/FAULTS.md',
      'test/README.md',
    ],
    ...['config/templates/README.md', 'config/plugins/README.md', 'config/COMPATIBILITY.md'],
  ];

  it('name only npm scripts that exist', () => {
    const manifest: { scripts: Record<string, string> } = JSON.parse(fileAt('package.json')?.text ?? '{}');
    const unknown = documents.flatMap((path) =>
      [...(fileAt(path)?.text ?? '').matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)]
        .map(([, script, test]) => script ?? test ?? '')
        .filter((script) => !Object.hasOwn(manifest.scripts, script))
        .map((script) => `${path}: ${script}`),
    );
    assert.deepEqual(unknown, []);
  });

  it('link only to files that exist', () => {
    const broken = documents.flatMap((path) => {
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
      return [...(fileAt(path)?.text ?? '').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target]) => new URL(target ?? '', `file:///${folder}`).pathname.slice(1))
        .filter((target) => fileAt(target) === undefined && filesBelow(target.replace(/\/$/, ''), ['']).length === 0)
        .map((target) => `${path}: ${target}`);
    });
    assert.deepEqual(broken, []);
  });

  it('open each block of code with a name, and close it', () => {
    const wrong = filesBelow('', ['.md']).flatMap(({ path, lines }) => {
      const fences = lines.flatMap((line, index) =>
        /^ *```/.test(line) ? [{ line, at: `${path}:${index + 1}` }] : [],
      );
      const nameless = fences.filter(({ line }, index) => (index % 2 === 0) !== /^ *```\w/.test(line));
      return [
        ...nameless.slice(0, 1).map(({ at }) => at),
        ...(fences.length % 2 === 0 ? [] : [`${path}: never closed`]),
      ];
    });
    assert.deepEqual(wrong, []);
  });
});
