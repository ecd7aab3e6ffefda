import type { Notification, NotificationMethod } from '../domain/notification.js';
import type { Secret } from '../domain/secret.js';
import type { Clock, Logger, Random } from './system.js';

/** What a receiver said when it took responsibility. `wire` is its answer in words for people: at most 200 characters, no secret. */
export interface Receipt {
  readonly remoteId: string | undefined;
  readonly wire: string;
}

/** Sends a second in the long run, of the whole engine: to each address, or to each destination as a whole. */
export interface SendRate {
  readonly perSecond: number;
  readonly of: 'address' | 'destination';
}

/** The parts of a message that a template can stand in for; which of them a notifier has, and as what, its plugin says. */
export const messageParts = ['subject', 'text', 'html', 'body'] as const;
export type MessagePart = (typeof messageParts)[number];

/** Texts that replace the built-in ones, escaped for where they go; the notifier cuts them to its receiver's limits. */
export type MessageTexts = Readonly<Partial<Record<MessagePart, string>>>;

/** One part of a message as a template writes it. */
export interface TemplatePart {
  readonly part: MessagePart;
  /** `html` and `json` escape what is written into them; a `json` text is one object. */
  readonly format: 'text' | 'html' | 'json';
  /** What the receiver takes of a text that cannot be cut: a longer one counts as failed. */
  readonly mostBytes?: number;
  /** Takes from a value whatever its receiver would read as markup. */
  readonly escape?: (value: string) => string;
}

/** One part of a message as it would be sent, for people. */
export interface PreviewPiece {
  readonly name: string;
  readonly text: string;
}

export interface Notifier {
  /** The one server that every send goes through, where there is one: its silence concerns the operator, not a tenant. */
  readonly relay?: string;
  /** Absent: as many as there are. */
  readonly rate?: SendRate | undefined;
  /** What shares one concurrency limit and one breaker: the host of a webhook, the relay of a mail. Holds no credential. Never throws. */
  destinationOf(method: NotificationMethod): string;
  /**
   * Delivers one notification; resolves, with the receiver's own id for it if any, once the remote side has taken responsibility.
   * May be called again with the same notification after a failure or a restart: a receiver can see one id twice.
   * Ends by itself within the notifier's own `timeout`; `signal` ends it at once.
   * @throws DeliveryError. `retriable` is false when the receiver understood and refused; 'outcome_unknown' when the answer was lost
   *   after the whole message was out. The text may name the method and the host, never address, token or alarm text.
   *   'bad_address' when the method's address cannot be used at all.
   * `texts` replace the built-in ones; a notifier without templates ignores them.
   */
  send(notification: Notification, signal: AbortSignal, texts?: MessageTexts): Promise<Receipt>;
  close(): Promise<void>;
}

export interface NotifierDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpRules;
  /** How many workers send at the same time, this one included: limits of the whole engine are shared out evenly. */
  readonly senders: number;
}

/** Where HTTP may go besides public addresses: CIDRs and host names. */
export interface HttpRules {
  readonly allow: readonly string[];
  readonly concurrencyPerDestination: number;
  /** Absent: directly, and certificates as everybody trusts them. */
  readonly way?: HttpWay;
}

/** How the receivers of one type are reached. */
export interface HttpWay {
  /** Authorities to trust instead of the well-known ones, PEM. */
  readonly ca: string | undefined;
  /** Certificates are not verified. */
  readonly isInsecure: boolean;
  /** URL of the proxy for https; it may hold a password. */
  readonly proxy: Secret | undefined;
}

/** One thing wrong with a notifier's section: `key` is relative to the section, such as `port`. */
export interface SectionProblem {
  readonly key: string;
  readonly problem: string;
}

/**
 * What a notifier folder exports. `configure` checks the section of the configuration (plain values, secrets revealed, undefined when it
 * is absent) and fills in defaults, touching nothing outside. Its result opens the notifier, in the worker.
 */
export interface NotifierPlugin {
  readonly type: string;
  /** Keys of the section, for `check-config` and the reference. */
  readonly keys: readonly SectionKey[];
  /** What templates can write; absent: this notifier takes none. */
  readonly parts?: readonly TemplatePart[];
  configure(section: Readonly<Record<string, unknown>> | undefined): ConfiguredNotifier;
}

export interface SectionKey {
  readonly key: string;
  readonly type: 'text' | 'secret' | 'whole' | 'number' | 'boolean' | 'seconds' | 'choice';
  readonly choices?: readonly string[];
  readonly default: string | number | boolean | undefined;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description: string;
}

export type ConfiguredNotifier =
  | {
      readonly kind: 'ready';
      readonly warnings: readonly string[];
      open(deps: NotifierDeps): Notifier;
      /** What `send` would send, after every limit, without address and credentials. Pure. */
      preview?(notification: Notification, texts: MessageTexts): readonly PreviewPiece[];
    }
  /** Nothing is wrong, but what it needs was not configured: its methods are `dead` with reason `unknown_type` and this text. */
  | { readonly kind: 'unconfigured'; readonly detail: string }
  | { readonly kind: 'wrong'; readonly problems: readonly SectionProblem[] };

/** The notifiers of one worker, by type. A type in neither map is unknown, or not enabled. */
export interface NotifierSet {
  readonly open: ReadonlyMap<string, Notifier>;
  /** Known types that lack configuration, with what is missing. */
  readonly unconfigured: ReadonlyMap<string, string>;
}
