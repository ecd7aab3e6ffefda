/**
 * Installing Debian packages for the tools that are missing: as root, with sudo where that asks no question, else unpacked into
 * the cache without touching the system. The services that a package would start are never used.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, mustRun, runProgram } from './command.mjs';
import { withLock, withProgress } from './progress.mjs';
import { versions } from './versions.mjs';

/** Only these run from an unpacked package; Java and Maven need their files in /etc. */
const UNPACKABLE = new Set(['mariadbd', 'nats-server']);

/**
 * Installs the packages of `tools` (names of versions.json `debianPackages`). `look()` tells what is still missing once the
 * lock is held: another process may have installed it meanwhile. Throws with what to install when nothing else is possible.
 */
export async function installPackages(tools, { look, log, lockFile, unpackedFolder }) {
  const runner = await privilegedRunner();
  if ((await findProgram(['apt-get'])) === undefined) throw cannotInstall(tools);
  if (runner === undefined && tools.some((tool) => !UNPACKABLE.has(tool))) throw cannotInstall(tools);
  await withLock(lockFile, log, async () => {
    const missing = await look();
    if (missing.length === 0) return;
    await withProgress(log, `installing ${missing.join(', ')}`, () =>
      runner === undefined ? unpack(missing, unpackedFolder) : install(missing, runner),
    );
  });
}

function cannotInstall(tools) {
  const packages = tools.map((tool) => versions.debianPackages[tool][0]).join(' ');
  return new Error(
    `missing: ${tools.join(', ')}. Install them as root: apt-get update && apt-get install -y --no-install-recommends ${packages}` +
      ' (or name running services by KAFKA_URL, ZOOKEEPER_URL, MYSQL_URL)',
  );
}

/** How to run something as root: the words to put before it, or undefined when this user may not. */
async function privilegedRunner() {
  if (process.getuid?.() === 0) return [];
  const sudo = await findProgram(['sudo']);
  if (sudo === undefined) return undefined;
  const { code } = await runProgram(sudo, ['-n', 'true']);
  return code === 0 ? [sudo, '-n'] : undefined;
}

async function install(tools, runner) {
  const apt = async (...args) => {
    const words = [
      ...runner,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-o',
      'DPkg::Lock::Timeout=300',
      ...args,
    ];
    await mustRun(words[0], words.slice(1));
  };
  // Another program may be updating the lists at this moment; the ones at hand are usually good enough.
  const updated = await apt('-q', 'update').catch((error) => error);
  const packages = await choosePackages(tools);
  await apt('-q', 'install', '-y', '--no-install-recommends', ...packages).catch((error) => {
    throw updated instanceof Error ? new Error(`${updated.message}\n${error.message}`) : error;
  });
}

/** The first package of each tool that this release of the distribution has. */
async function choosePackages(tools) {
  const chosen = [];
  for (const tool of tools) {
    for (const name of versions.debianPackages[tool]) {
      const { output } = await runProgram('apt-cache', ['policy', name]);
      if (!/Candidate: (?!\(none\))\S/.test(output)) continue;
      chosen.push(name);
      break;
    }
  }
  return chosen.length === tools.length ? chosen : tools.map((tool) => versions.debianPackages[tool][0]);
}

/** Downloads the packages, with those libraries that this host lacks, and unpacks them below `folder`. */
async function unpack(tools, folder) {
  const packages = await choosePackages(tools);
  const libraries = await missingLibraries(packages);
  const downloads = await mkdtemp(join(tmpdir(), 'mon-notification-packages-'));
  try {
    await mustRun('apt-get', ['-q', 'download', ...packages], { cwd: downloads });
    for (const library of libraries) await runProgram('apt-get', ['-q', 'download', library], { cwd: downloads });
    await mkdir(folder, { recursive: true });
    for (const file of await readdir(downloads)) await mustRun('dpkg', ['-x', join(downloads, file), folder]);
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

async function missingLibraries(packages) {
  const { output } = await runProgram('apt-cache', ['depends', '--no-recommends', '--no-suggests', ...packages]);
  const names = [...output.matchAll(/^ *\|?Depends: (lib[^\s:<>]+)/gm)].map((match) => match[1]);
  const missing = [];
  for (const name of new Set(names)) {
    const { code, output: status } = await runProgram('dpkg-query', ['-s', name]);
    if (code !== 0 || !status.includes('Status: install ok installed')) missing.push(name);
  }
  return missing;
}
