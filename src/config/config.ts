import type { NonEmpty } from '../domain/position.js';
import type { Secret } from '../domain/secret.js';
import type { QueueName } from '../ports/flow.js';
import type { HttpRules, MessagePart } from '../ports/notifier.js';
import type { MethodOptions, Period } from './key-spec.js';

/** How to speak TLS to an outside system. PEM texts; what is absent is left to the client library. */
export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  readonly passphrase?: Secret;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** `brokers` are `host:port`, IPv6 in brackets. */
export interface KafkaConfig {
  readonly brokers: NonEmpty<string>;
  readonly ssl: Tls | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: Secret;
      }
    | undefined;
  readonly group: string;
  readonly alarmTopic: string;
  readonly notificationTopic: string;
  readonly notificationRetryTopic: string;
  readonly deadLetterTopic: string;
  /** Rising by time; empty: nothing is repeated. */
  readonly periodic: readonly Period[];
  readonly createTopics: boolean;
}

export interface ZooKeeperConfig {
  readonly servers: NonEmpty<string>;
  readonly lock: 'topic' | 'partition';
  readonly sessionTimeoutMs: number;
  /** Undefined: a stuck head is never reported. */
  readonly maxOffsetLagMs: number | undefined;
  /** `user:password` for digest authentication. */
  readonly auth: Secret | undefined;
  /** Begins with a slash and does not end with one. */
  readonly chroot: string | undefined;
}

export interface MysqlConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
  readonly db: string;
  readonly ssl: Tls | undefined;
  readonly lookup: 'auto' | 'definition' | 'alarm';
}

/** The digest as the file says; options of its command win. */
export interface DigestConfig {
  readonly transport: 'nats' | 'kafka';
  /** Addresses with their login; undefined: the local server. */
  readonly nats: Secret | undefined;
  readonly jetstream: 'auto' | 'on' | 'off';
  readonly workerCount: number;
  readonly lock: 'topic' | 'partition';
  readonly empty: 'skip' | 'send';
  readonly tombstoneDays: number;
  readonly metricsListen: string | undefined;
  readonly schedule: string | undefined;
  readonly userSchedules: ReadonlyMap<string, string>;
  /** Whether the engine makes the digests of methods itself. */
  readonly isEmbedded: boolean;
  /** By method id. */
  readonly methods: ReadonlyMap<string, MethodOptions>;
  /** Whether the alarms of other producers are folded into the digests of users. */
  readonly fromAlarms: boolean;
  /** Whether digests of methods are public, too. */
  readonly publishesAll: boolean;
  readonly topics: {
    readonly status: string;
    readonly command: string;
    readonly digest: string;
    readonly state: string;
  };
}

/** Checked values of one notifier's section; what is absent the notifier fills in. Durations in seconds, as its keys say. */
export type NotifierSection = Readonly<Record<string, string | number | boolean | Secret>>;

/** A template as given, not compiled. `file`, `line` and `column` are where its text begins: a file of its own, or the configuration. */
export interface TemplateText {
  readonly type: string;
  /** The method's name; undefined: for all methods of the type. */
  readonly method: string | undefined;
  readonly part: MessagePart;
  readonly text: string;
  /** Its name in the configuration, such as `templates.email.text`. */
  readonly key: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The whole configuration, checked and with every default filled in, deeply frozen.
 *
 * Nothing is optional but in `Tls`: what may be absent says so with `| undefined`. Times are milliseconds. Secrets print as `<redacted>`.
 */
export interface Config {
  readonly kafka: KafkaConfig;
  readonly zookeeper: ZooKeeperConfig;
  readonly mysql: MysqlConfig;
  /** `alarmTtlMs` undefined: no alarm is too old. */
  readonly processors: {
    readonly alarmCount: number;
    readonly alarmTtlMs: number | undefined;
    readonly dropKnownEvents: boolean;
    readonly notificationCount: number;
  };
  readonly queueCapacity: Readonly<Record<QueueName, number>>;
  /** `maxAttempts` counts retries after the first send. */
  readonly retry: { readonly intervalMs: number; readonly maxAttempts: number };
  /** By type; without those that have no section. */
  readonly notifierSections: Readonly<Record<string, NotifierSection>>;
  readonly templates: readonly TemplateText[];
  /** URLs of the modules with notifiers of third parties, found and loaded once already. */
  readonly pluginModules: readonly string[];
  /** Types to send, whether or not they have what they need. */
  readonly enabledTypes: readonly string[];
  readonly http: HttpRules & { readonly ratePerDestination: number | undefined };
  readonly admin: { readonly host: string; readonly port: number };
  readonly shutdown: { readonly deadlineMs: number };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'json' | 'text' };
  readonly statsd: {
    readonly enable: boolean;
    readonly host: string;
    readonly port: number;
    readonly names: 'mon' | 'monasca' | 'both';
  };
  readonly heartbeat: { readonly url: Secret; readonly intervalMs: number } | undefined;
  readonly digest: DigestConfig;
  readonly canary: { readonly intervalMs: number } | undefined;
}
