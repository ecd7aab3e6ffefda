/**
 * The programs that the services need: found on this host, else installed as Debian packages (install.mjs).
 */
import { access, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram, runProgram } from './command.mjs';
import { installPackages } from './install.mjs';
import { versions } from './versions.mjs';

/** Folder for what is downloaded or unpacked, shared by all working copies of this user. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mon-notification');

const unpackedFolder = join(cacheFolder, 'tools');

async function exists(file) {
  return await access(file).then(
    () => true,
    () => false,
  );
}

async function findJava() {
  const home = process.env.JAVA_HOME;
  const path = await findProgram(['java'], home ? [join(home, 'bin')] : []);
  if (path === undefined) return undefined;
  const { output } = await runProgram(path, ['-version']);
  const major = Number(/version "(\d+)/.exec(output)?.[1] ?? 0);
  return major >= versions.javaAtLeast ? { path, env: {} } : undefined;
}

/** Finds the server, and `sql`: the three files that make its system tables, named differently since MariaDB 11. */
async function findMariadb() {
  const path = await findProgram(['mariadbd', 'mysqld'], [join(unpackedFolder, 'usr/sbin')]);
  if (path === undefined) return undefined;
  const env = await environmentOf(path);
  const { code, output } = await runProgram(path, ['--no-defaults', '--version'], { env: { ...process.env, ...env } });
  // Oracle's MySQL is set up in another way; who has one names it by MYSQL_URL.
  if (code !== 0 || !/mariadb/i.test(output)) return undefined;
  for (const share of ['share/mysql', 'share/mariadb'].map((name) => join(dirname(dirname(path)), name))) {
    for (const prefix of ['mysql', 'mariadb']) {
      const names = ['system_tables.sql', 'performance_tables.sql', 'system_tables_data.sql'];
      const sql = names.map((name) => join(share, `${prefix}_${name}`));
      if (await exists(sql[0])) return { path, env, share, sql };
    }
  }
  return undefined;
}

async function findPlain(name) {
  const path = await findProgram([name], [join(unpackedFolder, 'usr/sbin'), join(unpackedFolder, 'usr/bin')]);
  return path === undefined ? undefined : { path, env: await environmentOf(path) };
}

/** A program unpacked into the cache finds its libraries there too; one of the host needs nothing. */
async function environmentOf(path) {
  if (!path.startsWith(unpackedFolder)) return {};
  const folders = [];
  for (const base of [join(unpackedFolder, 'usr/lib'), join(unpackedFolder, 'lib')]) {
    const names = await readdir(base).catch(() => []);
    folders.push(...names.filter((name) => name.includes('-linux-')).map((name) => join(base, name)));
  }
  return { LD_LIBRARY_PATH: [...folders, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':') };
}

const finders = {
  java: findJava,
  mvn: () => findPlain('mvn'),
  mariadbd: findMariadb,
  'nats-server': () => findPlain('nats-server'),
};

/**
 * Finds the wanted tools (`java`, `mvn`, `mariadbd`, `nats-server`), installing what is missing, and answers with
 * `{ [name]: { path, env, … } }`. Throws with the packages to install by hand when this user cannot.
 */
export async function ensureTools(names, log) {
  const found = {};
  const look = async () => {
    for (const name of names) found[name] ??= await finders[name]();
    return names.filter((name) => found[name] === undefined);
  };
  const missing = await look();
  if (missing.length === 0) return found;
  await installPackages(missing, { look, log, lockFile: join(cacheFolder, 'install.lock'), unpackedFolder });
  const stillMissing = await look();
  if (stillMissing.length > 0) throw new Error(`installed, but not usable: ${stillMissing.join(', ')}`);
  return found;
}
