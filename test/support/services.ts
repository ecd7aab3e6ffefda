import { join } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repoRoot } from './repo.js';

export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly db: string;
  /** `mysql://user:password@host:port/db` */
  readonly url: string;
  /** May grant and revoke; only for servers that were started here. */
  readonly admin?: { readonly user: string; readonly password: string };
}

/** Addresses of the shared services: never kill or freeze those. */
export interface SharedServices {
  /** `host:port`, several separated by commas. */
  readonly kafkaUrl: string;
  /** `host:port` */
  readonly zookeeperUrl: string;
  readonly mysql: MysqlAddress;
}

/** What `startPrivateServices` may be asked for; the defaults are those of deploy/dev/start-services.mjs. */
export interface PrivateServicesOptions {
  readonly only?: readonly ServiceName[];
  readonly kafkaBrokers?: 1 | 3;
  readonly kafkaConfig?: Readonly<Record<string, string>>;
  readonly kafkaSasl?: boolean;
  /** A second listener, whose clients are told to go on at `advertisedPort`. */
  readonly kafkaSide?: { readonly port: number; readonly advertisedPort: number };
  readonly zookeeperConfig?: Readonly<Record<string, string | number | boolean>>;
  readonly mysqlOptions?: readonly string[];
  readonly natsJetstream?: boolean;
  readonly dir?: string;
}

export type ServiceName = 'kafka' | 'zookeeper' | 'mysql' | 'nats';

/** A name of `names`: `kafka` or `kafka-1` to `kafka-3`, `zookeeper`, `mysql`, `nats`. */
export type ServerName = ServiceName | `kafka-${number}`;

/** Servers of one test's own. An address is there when its service was asked for. */
export interface PrivateServices {
  readonly kafkaUrl: string;
  readonly zookeeperUrl: string;
  readonly mysql: MysqlAddress;
  readonly natsUrl: string;
  /** SASL PLAIN users and their passwords, with `kafkaSasl`. */
  readonly kafkaUsers?: { readonly admin: string; readonly notify: string };
  readonly names: readonly ServerName[];
  readonly dir: string;
  pid(name: ServerName): number;
  /** SIGKILL; resolves when the process is gone. */
  kill(name: ServerName): Promise<void>;
  /** SIGTERM; resolves when the process is gone. */
  end(name: ServerName): Promise<void>;
  /** Ends it if it runs, starts it on the same port and data; resolves when it answers. */
  restart(name: ServerName): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(name: ServerName): void;
  resume(name: ServerName): void;
  stop(): Promise<void>;
}

interface ServicesModule {
  parseMysqlUrl(url: string): MysqlAddress;
  startServices(options: object): Promise<PrivateServices>;
}

const services: ServicesModule = await import(pathToFileURL(join(repoRoot(), 'deploy/dev/services.mjs')).href);

const howToStart =
  'needs the services: run "npm test -- --suite integration", or npm run dev:up and export what it prints';

/**
 * Whether a suite that needs real servers must be skipped: `false`, or the reason, for the `skip` option of node:test.
 *
 * @throws Error instead of a reason when REQUIRE_SERVICES=1: a missing service is a failure there.
 */
export function skipWithoutServices(): false | string {
  const { KAFKA_URL, ZOOKEEPER_URL, MYSQL_URL, REQUIRE_SERVICES } = process.env;
  if (KAFKA_URL && ZOOKEEPER_URL && MYSQL_URL) return false;
  if (REQUIRE_SERVICES === '1')
    throw new Error(`REQUIRE_SERVICES=1, but KAFKA_URL, ZOOKEEPER_URL or MYSQL_URL is not set`);
  return howToStart;
}

/**
 * Addresses of the shared services, from KAFKA_URL, ZOOKEEPER_URL and MYSQL_URL.
 *
 * @throws Error with the command that starts them when they are missing; ask `skipWithoutServices` first.
 */
export function requireServices(): SharedServices {
  const { KAFKA_URL: kafkaUrl, ZOOKEEPER_URL: zookeeperUrl, MYSQL_URL: mysqlUrl } = process.env;
  if (!kafkaUrl || !zookeeperUrl || !mysqlUrl) throw new Error(howToStart);
  return { kafkaUrl, zookeeperUrl, mysql: services.parseMysqlUrl(mysqlUrl) };
}

/** Who runs a clean-up: the context of a test, or `cleanUpAfterSuite()`. */
export interface CleanUp {
  after(cleanUp: () => Promise<void>): void;
}

/**
 * For what a suite creates in its `before`: called in the body of `describe`. (The `after` of node:test would run at the end of
 * the hook that calls it.) Last in, first out.
 */
export function cleanUpAfterSuite(): CleanUp {
  const cleanUps: (() => Promise<void>)[] = [];
  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });
  return { after: (cleanUp) => cleanUps.push(cleanUp) };
}

/** Starts servers that this test alone uses, and may kill, freeze and start again; they are stopped after it. */
export async function startPrivateServices(
  test: CleanUp,
  options: PrivateServicesOptions = {},
): Promise<PrivateServices> {
  const started = await services.startServices({ env: {}, ...options });
  test.after(() => started.stop());
  return started;
}
