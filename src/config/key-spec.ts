import type { NonEmpty } from '../domain/position.js';
import type { Secret } from '../domain/secret.js';

/** How often a notification is repeated, and the topic that its repeats go through. */
export interface Period {
  readonly periodMs: number;
  readonly topic: string;
}

/** How one notification method wishes to hear of alarms; what is absent is left to its row, or to the default. */
export interface MethodOptions {
  readonly delivery?: 'immediate' | 'digest';
  readonly schedule?: string;
  readonly empty?: 'skip' | 'send';
}

/** The value of each type of key once read: durations in milliseconds, `hosts` as `host:port` with IPv6 in brackets. */
interface TypeMap {
  text: string;
  secret: Secret;
  /** PEM text, or the path of a PEM file. */
  pem: string;
  secret_pem: Secret;
  whole: number;
  /** Whole or not. */
  number: number;
  boolean: boolean;
  seconds: number;
  hosts: NonEmpty<string>;
  list: readonly string[];
  periods: readonly Period[];
  /** Schedules by name. */
  schedules: ReadonlyMap<string, string>;
  method_options: ReadonlyMap<string, MethodOptions>;
  /** `true`, or a section that says how: on. `false` or empty: off. */
  switch: boolean;
}

/** The minimum of a key that takes any number above 0. */
export const anyPositive = Number.MIN_VALUE;

/** What a text, or each text of a list, must look like besides being there. */
export type Form =
  | 'host'
  | 'topic'
  | 'node'
  | 'chroot'
  | 'database'
  | 'network'
  | 'schedule'
  | 'listen'
  | 'nats_servers';

interface Common {
  readonly description: string;
  /** In units of the file: durations in seconds. Required keys have none. */
  readonly default?: string | number | boolean | readonly string[] | Readonly<Record<string, string>>;
  readonly required?: true;
  /** Without it and without a default: undefined. */
  readonly optional?: true;
  /** An empty value switches the feature off, although the key has a default. */
  readonly emptyIsOff?: true;
  /** Other names of the same key. */
  readonly also?: readonly string[];
  /** A name of the past that counts only when the key itself is absent. */
  readonly older?: string;
}

/** One key as data. The schema is the only home of its default, bounds and description. */
export type KeySpec = Common &
  (
    | { readonly type: 'text'; readonly form?: Form }
    | { readonly type: 'secret'; readonly form?: Form; readonly emptyAllowed?: true }
    | { readonly type: 'pem' | 'secret_pem' | 'boolean' | 'switch' | 'periods' | 'schedules' | 'method_options' }
    | { readonly type: 'whole' | 'number' | 'seconds'; readonly minimum: number; readonly maximum: number }
    | {
        readonly type: 'choice';
        readonly choices: readonly string[];
        readonly synonyms?: Readonly<Record<string, string>>;
      }
    /** `namesOnly`: the client library cannot take an IPv6 address. */
    | { readonly type: 'hosts'; readonly port: number; readonly namesOnly?: true }
    | { readonly type: 'list'; readonly form?: Form }
  );

/** Keys by dotted public name. */
export type Keys = Readonly<Record<string, KeySpec>>;

type Present<K> = K extends { type: 'choice'; choices: readonly (infer C)[] }
  ? C
  : K extends { type: infer T extends keyof TypeMap }
    ? TypeMap[T]
    : never;
type ValueOf<K> = K extends { optional: true } | { emptyIsOff: true } ? Present<K> | undefined : Present<K>;

/** The values of a checked file, by key: every default filled in, what is optional and absent undefined. */
export type Values<S extends Keys> = { readonly [K in keyof S]: ValueOf<S[K]> };
