import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait-for.js';

/** The newest folder of jars that the development services have fetched; undefined before they ran once. */
function jarFolder(): string | undefined {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mon-notification');
  if (!existsSync(cache)) return undefined;
  const folders = readdirSync(cache).filter((name) => name.startsWith('jars-'));
  return folders
    .map((name) => join(cache, name))
    .find((folder) => readdirSync(folder).some((jar) => /^zookeeper-3/.test(jar)));
}

export const canRunZookeeper: boolean = jarFolder() !== undefined;

/** A ZooKeeper server of a test's own, which it may kill, freeze and start again on the same data and port. */
export class ZookeeperServer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  static async start(): Promise<ZookeeperServer> {
    const folder = await mkdtemp(join(tmpdir(), 'mon-notification-zookeeper-'));
    mkdirSync(join(folder, 'data'));
    const server = new ZookeeperServer(folder, await freePort());
    writeFileSync(
      join(folder, 'zoo.cfg'),
      `dataDir=${join(folder, 'data')}
clientPort=${server.port}
clientPortAddress=127.0.0.1
tickTime=250
minSessionTimeout=500
maxSessionTimeout=60000
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=*
`,
    );
    await server.restart();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const jars = jarFolder();
    if (jars === undefined) throw new Error('no jars of ZooKeeper: run "npm run dev:up" once');
    const java = spawn(
      'java',
      [
        ...['-Xmx32m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.preAllocSize=1024'],
        ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', join(jars, '*')],
        ...['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(this.#folder, 'zoo.cfg')],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let complaint = '';
    java.stderr.on('data', (text) => {
      complaint += text;
    });
    this.#process = java;
    await waitFor(() => {
      if (java.exitCode !== null) throw new Error(`ZooKeeper did not start: ${complaint}`);
      return fourLetters(this.port, 'ruok').then((answer) => answer === 'imok');
    }, 'an answer of ZooKeeper');
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The answer to a four-letter word; empty when nobody answers. */
export async function fourLetters(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (bytes) => {
      answer += bytes.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
