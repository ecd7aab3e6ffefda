/**
 * Engines as an operator runs them: `mon-notification run --config FILE`, their log in a file.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programFile } from '../build.mjs';
import { RunningServer } from '../running-server.mjs';

const ASK_LIMIT_MS = 2_000;

/** Seconds of silence after which ZooKeeper takes the lock from a dead engine. */
export const sessionSeconds = 4;

/** One engine of the demo, on any free admin port. */
export class DemoEngine {
  #server;
  #port;
  name;
  logFile;

  constructor(name, { folder, configFile, launcher, log }) {
    this.name = name;
    this.logFile = join(folder, `${name}.log`);
    const description = {
      name,
      logFile: this.logFile,
      command: process.execPath,
      args: [programFile, 'run', '--config', configFile],
      env: {},
      prepare: async () => {},
      answers: async () => await this.#isReady(),
    };
    this.#server = new RunningServer(description, launcher, log);
  }

  get pid() {
    return this.#server.pid;
  }

  get isRunning() {
    return this.#server.isRunning;
  }

  /** Base address of the admin endpoint, once the engine is ready. */
  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when the engine is active or stands by and says that it is ready. Throws with its last log lines. */
  async start() {
    await this.#server.start();
  }

  async status() {
    const answer = await fetch(`${this.url}/status.json`, { signal: AbortSignal.timeout(ASK_LIMIT_MS) });
    return await answer.json();
  }

  /** SIGKILL to the main process and all its workers: nothing of it can tidy up. Resolves to how many those were, and when. */
  async killWhole() {
    const { workers } = await this.status();
    const killedAtMs = Date.now();
    const main = this.#server.kill();
    for (const { pid } of workers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }
    await main;
    return { processCount: workers.length + 1, killedAtMs };
  }

  /** SIGTERM; SIGKILL after 5 s. */
  async end() {
    await this.#server.end();
  }

  async #isReady() {
    this.#port ??= await this.#portFromLog();
    if (this.#port === undefined) return false;
    const { role, reasons } = await this.status();
    return (role === 'active' || role === 'standby') && reasons.length === 0;
  }

  async #portFromLog() {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    const line = text.split('\n').find((each) => each.includes('"event":"admin_listening"') && each.endsWith('}'));
    return line === undefined ? undefined : JSON.parse(line).port;
  }
}

/** Writes the configuration of the demo; readable by this user alone, as it holds the password of MySQL. */
export async function writeConfig(
  file,
  { kafkaUrl, zookeeperUrl, chroot, mysql, topics, digestTopics, group, mailPort },
) {
  const quoted = (value) => JSON.stringify(String(value));
  const lines = [
    '# Written by the demo. What is left out has its default: see config/notification.yaml.',
    'kafka:',
    `  url: ${quoted(kafkaUrl)}`,
    `  group: ${quoted(group)}`,
    `  alarm_topic: ${quoted(topics.alarms)}`,
    `  notification_topic: ${quoted(topics.sent)}`,
    `  notification_retry_topic: ${quoted(topics.retries)}`,
    `  dead_letter_topic: ${quoted(topics.dead)}`,
    '  periodic: {}',
    'zookeeper:',
    `  url: ${quoted(zookeeperUrl)}`,
    `  session_timeout_seconds: ${sessionSeconds}`,
    ...(chroot === '' ? [] : [`  chroot: ${quoted(chroot)}`]),
    'mysql:',
    `  host: ${quoted(mysql.host)}`,
    `  port: ${mysql.port}`,
    `  user: ${quoted(mysql.user)}`,
    `  passwd: ${quoted(mysql.password)}`,
    `  db: ${quoted(mysql.db)}`,
    'retry:',
    '  interval: 1s',
    '  max_attempts: 2',
    'notification_types:',
    '  email:',
    '    server: 127.0.0.1',
    `    port: ${mailPort}`,
    '    from_addr: mon@example.com',
    '    starttls: never',
    'digest:',
    ...Object.entries(digestTopics).map(([what, topic]) => `  ${what}_topic: ${quoted(topic)}`),
    '  workers: 1',
    '  methods:',
    '    m-digest: {delivery: digest}',
    'http:',
    '  allow: [127.0.0.0/8]',
    'admin:',
    '  port: 0',
    'statsd:',
    '  enable: false',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}
