/**
 * The jars of Kafka and ZooKeeper: fetched once by Maven from pom.xml, kept in the user's cache, found again by the pom's hash.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from './command.mjs';
import { withLock, withProgress } from './progress.mjs';
import { cacheFolder, ensureTools } from './tools.mjs';
import { versions } from './versions.mjs';

const pomFile = fileURLToPath(new URL('pom.xml', import.meta.url));

/** The version of Kafka that is started: KAFKA_VERSION, else the default of versions.json. */
export function kafkaVersion() {
  return process.env.KAFKA_VERSION || versions.kafka;
}

/**
 * Answers with the folder of the jars. A folder that is there is complete: it appears by one rename, so that neither a killed
 * download nor two at once leave half of one. Throws with Maven's last lines when the download fails.
 */
export async function ensureJars(log) {
  const settings = [
    `-Dkafka.version=${kafkaVersion()}`,
    `-Dscala.version=${versions.scala}`,
    `-Dzookeeper.version=${versions.zookeeper}`,
    `-Dslf4j.version=${versions.slf4j}`,
    `-Ddropwizard-metrics.version=${versions.dropwizardMetrics}`,
  ];
  const pom = await readFile(pomFile);
  const hash = createHash('sha256').update(pom).update(settings.join(' ')).digest('hex').slice(0, 16);
  const folder = join(cacheFolder, `jars-${hash}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  await withLock(join(cacheFolder, 'jars.lock'), log, async () => {
    if (existsSync(folder)) return;
    await withProgress(log, `downloading Kafka ${kafkaVersion()} and ZooKeeper ${versions.zookeeper} (53 MB)`, () =>
      download(settings, folder, log),
    );
  });
  return folder;
}

async function download(settings, folder, log) {
  const { mvn } = await ensureTools(['mvn'], log);
  const work = await mkdtemp(join(cacheFolder, 'jars-download-'));
  try {
    // Maven writes below the folder of its pom, hence a copy.
    await copyFile(pomFile, join(work, 'pom.xml'));
    const args = [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(work, 'jars')}`,
    ];
    await mustRun(mvn.path, [...args, ...settings], { cwd: work });
    await rename(join(work, 'jars'), folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
