/**
 * `mon-notification monitor-endpoints` as an operator runs it: it watches one endpoint and publishes its changes to Kafka.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programFile } from '../build.mjs';
import { RunningServer } from '../running-server.mjs';

/** What `alarm_definition` of the demo calls it. */
const definitionId = 'd-shop';
export const endpointName = 'Web shop';
/** So many equal results in a row make a change: one late answer of a busy machine is none. */
export const failAfter = 2;

/** The monitor over `shop`, a receiver; not started yet. Its log is a file in `folder`. */
export class EndpointMonitor {
  #server;
  #shop;
  name = 'monitor-endpoints';
  logFile;

  constructor(shop, { folder, configFile, launcher, log }) {
    this.#shop = shop;
    this.logFile = join(folder, `${this.name}.log`);
    const endpointsFile = join(folder, 'endpoints.yaml');
    const watch = ['-f', '1', '--fail-after', String(failAfter), '--quiet', endpointsFile];
    const alarms = ['--tenant', 'tenant-1', '--definition-id', definitionId, '--state', join(folder, 'endpoints.json')];
    const description = {
      name: this.name,
      logFile: this.logFile,
      command: process.execPath,
      args: [programFile, this.name, '--sink', 'kafka', '--engine-config', configFile, ...alarms, ...watch],
      env: {},
      prepare: async () => await writeFile(endpointsFile, `- {name: ${endpointName}, url: ${shop.url}}\n`),
      answers: async () => shop.requests.length > 0,
    };
    this.#server = new RunningServer(description, launcher, log);
  }

  get pid() {
    return this.#server.pid;
  }

  get isRunning() {
    return this.#server.isRunning;
  }

  /** Resolves when the endpoint was asked for the first time. Throws with the last log lines. */
  async start() {
    await this.#server.start();
  }

  /** From now on the endpoint cuts every connection. */
  switchOff() {
    this.#shop.answer('*', { instead: 'reset' });
  }

  switchOn() {
    this.#shop.answer('*', {});
  }

  /** SIGTERM; SIGKILL after 5 s. */
  async end() {
    await this.#server.end();
  }
}
