import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { load } from 'js-yaml';
import { repoRoot } from '../../support/repo.js';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment: Readonly<Record<string, string | number>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const folder = join(repoRoot(), 'deploy', 'docker');
const textOf = (...names: readonly string[]) => readFileSync(join(...names), 'utf8');
const compose = load(textOf(folder, 'compose.yaml')) as { readonly services: Readonly<Record<string, Service>> };
const { demo, ...servers } = compose.services;

describe('deploy/docker/compose.yaml', () => {
  it('starts the servers that the suites are run against, in the same versions', () => {
    const versions = JSON.parse(textOf(repoRoot(), 'deploy', 'dev', 'versions.json'));
    const images = Object.fromEntries(Object.entries(servers).map(([name, { image }]) => [name, image]));
    const { kafka, zookeeper } = versions;
    const expected = { kafka: `apache/kafka:${kafka}`, zookeeper: `zookeeper:${zookeeper}`, mysql: 'mariadb:10.11' };
    assert.deepEqual(images, expected);
  });

  it('shows the demo once each of them answers, and tells it where they are by the names that it reads', () => {
    assert.deepEqual(Object.keys(demo?.depends_on ?? {}), Object.keys(servers));
    for (const { condition } of Object.values(demo?.depends_on ?? {})) assert.equal(condition, 'service_healthy');
    for (const { healthcheck } of Object.values(servers)) assert.equal(healthcheck?.test[0], 'CMD');
    const environment = demo?.environment ?? {};
    const usage = textOf(repoRoot(), 'deploy', 'dev', 'demo.mjs');
    for (const variable of Object.keys(environment)) assert.ok(usage.includes(variable), variable);
    const { hostname } = new URL(String(environment.MYSQL_URL));
    const hosts = [environment.KAFKA_URL, environment.ZOOKEEPER_URL, hostname].map((at) => String(at).split(':')[0]);
    assert.deepEqual(hosts, Object.keys(servers));
    assert.ok(String(servers.kafka?.environment.KAFKA_ADVERTISED_LISTENERS).endsWith(`//${environment.KAFKA_URL}`));
  });
});

describe('deploy/docker/Dockerfile', () => {
  const { context = '', dockerfile = '' } = demo?.build ?? {};
  const lines = textOf(folder, 'Dockerfile').split('\n');
  const wordsOf = (instruction: string) =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.split(' ').slice(1));

  it('is the one that compose.yaml builds, from the root of the working copy', () => {
    assert.equal(join(folder, context), repoRoot());
    assert.equal(join(repoRoot(), dockerfile), join(folder, 'Dockerfile'));
  });

  it('copies and runs what is there', () => {
    const copied = wordsOf('COPY').flatMap((words) => words.filter((word) => !word.startsWith('--')).slice(0, -1));
    for (const name of copied) assert.ok(existsSync(join(repoRoot(), name)), name);
    const [entry = []] = wordsOf('ENTRYPOINT').map((words): string[] => JSON.parse(words.join(' ')));
    assert.equal(entry[0], 'node');
    assert.ok(existsSync(join(repoRoot(), entry[1] ?? '')), entry.join(' '));
    const { scripts } = JSON.parse(textOf(repoRoot(), 'package.json'));
    const runs = wordsOf('RUN').filter(([first, second]) => first === 'npm' && second === 'run');
    for (const [, , script = ''] of runs) assert.ok(script in scripts, script);
  });
});
