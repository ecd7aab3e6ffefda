import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf, fileAt, filesBelow, placesOf, type SourceFile } from '../../support/source-tree.js';

const sources = filesBelow('src', ['.ts']);
const tests = filesBelow('test', ['.ts']);
const folders = ['src', 'test', 'deploy', 'config', 'upstart'];
const endings = ['.ts', '.mjs', '.md', '.yaml', '.yml', '.json', '.sql', '.conf', '.service', '.sh', '.xml', '.ini'];
const topLevel = ['README', 'ARCHITECTURE', 'DECISIONS', 'CHANGELOG', 'CONTRIBUTING', 'SECURITY'].map((n) => `${n}.md`);
const everything = [
  ...folders.flatMap((folder) => filesBelow(folder, endings)),
  ...[...topLevel, 'package.json', 'package-lock.json', '.npmrc', '.gitignore'].flatMap((path) => fileAt(path) ?? []),
];

function places(files: readonly SourceFile[], pattern: RegExp): readonly string[] {
  return files.flatMap((file) => placesOf(file, file.text, pattern));
}

describe('the repository', () => {
  it('names no package registry and no mirror', () => {
    // Spelt in halves, so that this file is not its own finding.
    const hosts = ['registry.npm' + 'js.org', 'repo1.maven' + '.org', 'repo.maven.' + 'apache', 'deb.debian' + '.org'];
    assert.deepEqual(places(everything, new RegExp(hosts.join('|').replaceAll('.', '\\.'), 'g')), []);
    assert.doesNotMatch(fileAt('package-lock.json')?.text ?? '', /"resolved":/);
  });

  it('knows nothing of the machine it was written on', () => {
    assert.deepEqual(places(everything, /(?<![\w.])\/(?:work|root|home\/\w+)\/[\w.-]+/g), []);
  });

  it('leaves no work in comments', () => {
    const words = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'];
    assert.deepEqual(places([...sources, ...tests], new RegExp(`\\b(?:${words.join('|')})\\b`, 'g')), []);
  });

  it('runs every test that it has', () => {
    const found = tests.flatMap((file) =>
      placesOf(file, codeOf(file.text), /\b(?:it|test|describe)\.(?:only|todo|skip)\b|\bonly:\s*true/g),
    );
    assert.deepEqual(found, []);
  });

  it('waits in tests for conditions, never for a while', () => {
    const waiters = [
      'test/support/wait-for.ts',
      'test/support/processes/',
      'test/support/workers/',
      'test/chaos/pace.ts',
    ];
    const found = tests
      .filter((file) => !waiters.some((prefix) => file.path.startsWith(prefix)))
      .flatMap((file) => placesOf(file, codeOf(file.text), /await (?:sleep|delay)\(|resolve, \d{2,}\)/g));
    assert.deepEqual(found, []);
  });

  it('pins every package exactly', () => {
    const manifest = JSON.parse(fileAt('package.json')?.text ?? '{}');
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    assert.deepEqual(
      versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version))),
      [],
    );
    assert.ok(Object.keys(manifest.dependencies).length <= 14);
  });
});

describe('docstrings', () => {
  it('stand on every export of domain and ports whose name is not enough', () => {
    const missing = sources
      .filter((file) => /^src\/(?:domain|ports)\//.test(file.path))
      .flatMap((file) =>
        file.lines.flatMap((line, i) => {
          const [, name] = /^export (?:abstract )?(?:class|function|async function) (\w+)/.exec(line) ?? [];
          return name === undefined || /\*\/$/.test(file.lines[i - 1] ?? '') ? [] : [`${file.path}:${i + 1} ${name}`];
        }),
      );
    assert.deepEqual(missing, []);
  });
});
