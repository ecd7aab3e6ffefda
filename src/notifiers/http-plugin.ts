import type { Notification } from '../domain/notification.js';
import type {
  HttpRules,
  MessageTexts,
  Notifier,
  NotifierDeps,
  NotifierPlugin,
  SectionKey,
  TemplatePart,
} from '../ports/notifier.js';
import { type HttpDialect, HttpNotifier, type MessageBody, previewOfBody } from './http-notifier.js';
import { HttpPost, parseHttpAddress } from './http-post.js';
import { Section } from './section.js';

/** The key `timeout`, which every notifier has. `covers` is what it limits. */
export function timeoutKey(covers: string, defaultSeconds = 5): SectionKey {
  return {
    key: 'timeout',
    type: 'seconds',
    default: defaultSeconds,
    minimum: 0.1,
    maximum: 300,
    description: `seconds in total for ${covers}`,
  };
}

/** A dialect whose request is the message, posted to the method's address, unless it says otherwise. */
export type UrlDialect = Omit<HttpDialect, 'requestOf'> & Partial<Pick<HttpDialect, 'requestOf'>>;

/** A type whose address is the URL to post to: tenants' data, so `http.allow` decides. Works without a section of its own. */
export function urlPlugin(type: string, parts: readonly TemplatePart[], given: UrlDialect): NotifierPlugin {
  const dialect: HttpDialect = { requestOf: postToAddress, ...given };
  const keys = [timeoutKey('one POST: name, connection, request and answer')];
  return {
    type,
    keys,
    parts,
    configure(section) {
      const values = new Section(keys, section);
      if (values.problems.length > 0) return { kind: 'wrong', problems: values.problems };
      const timeoutMs = values.number('timeout') * 1000;
      return {
        kind: 'ready',
        warnings: [],
        open: ({ clock, http, senders }) =>
          new HttpNotifier(new HttpPost({ clock, rules: http, senders, timeoutMs }), dialect),
        preview: (notification, texts) => previewOfBody(dialect.messageOf(notification, texts)),
      };
    },
  };
}

function postToAddress({ method }: Notification, message: MessageBody) {
  return { url: parseHttpAddress(method.address.reveal()), headers: {}, body: JSON.stringify(message) };
}

/** What a type says to its API, and the notifier that says it. */
export interface Speech {
  messageOf(notification: Notification, texts: MessageTexts): MessageBody;
  open(http: HttpPost, deps: NotifierDeps, timeoutMs: number): Notifier;
}

/** The speech of one request and one answer. */
export function speechOf(dialect: HttpDialect): Speech {
  return {
    messageOf: (notification, texts) => dialect.messageOf(notification, texts),
    open: (http) => new HttpNotifier(http, dialect),
  };
}

/** A type that talks to one API, whose URL is the operator's word. */
export interface ApiSpec {
  readonly type: string;
  /** The API's own URL where one is meant when nothing is said. */
  readonly url: { readonly default: string | undefined; readonly description: string };
  /** What one send may take, for the description of `timeout`. */
  readonly covers: string;
  /** Keys besides `url` and `timeout`. */
  readonly keys: readonly SectionKey[];
  /** What templates can write. */
  readonly parts: readonly TemplatePart[];
  /** Keys without which the type is unconfigured. */
  readonly needs: readonly string[];
  /** What else is missing, where one key alone does not tell. */
  lacks?(values: Section): readonly string[];
  speak(url: URL, values: Section): Speech;
}

/** The plugin of an API. The host of its URL may be an internal one, whatever `http.allow` says; cloud metadata stays closed. */
export function apiPlugin(spec: ApiSpec): NotifierPlugin {
  const keys: readonly SectionKey[] = [
    { key: 'url', type: 'text', default: spec.url.default, description: spec.url.description },
    timeoutKey(spec.covers),
    ...spec.keys,
  ];
  return {
    type: spec.type,
    keys,
    parts: spec.parts,
    configure(section) {
      const values = new Section(keys, section);
      if (values.problems.length > 0) return { kind: 'wrong', problems: values.problems };
      const missing = spec.needs.filter((key) => values.text(key) === undefined).concat(spec.lacks?.(values) ?? []);
      if (missing.length > 0) {
        const names = missing.map((key) => `notification_types.${spec.type}.${key}`);
        return { kind: 'unconfigured', detail: `${spec.type} is not configured: ${names.join(' and ')} missing` };
      }
      const url = readBaseUrl(values.text('url') ?? '');
      if (url === undefined) {
        return {
          kind: 'wrong',
          problems: [{ key: 'url', problem: 'expected an http or https URL without user, query and fragment' }],
        };
      }
      if (!/^[\x21-\x7e]*$/.test(values.text('token') ?? '')) {
        return {
          kind: 'wrong',
          problems: [{ key: 'token', problem: 'expected ASCII letters, digits and signs only' }],
        };
      }
      const timeoutMs = values.number('timeout') * 1000;
      const speech = spec.speak(url, values);
      const inClear = `notification_types.${spec.type}.url: http sends credentials and alarms in clear`;
      return {
        kind: 'ready',
        warnings: url.protocol === 'http:' ? [inClear] : [],
        open: (deps) => {
          const rules = trusting(deps.http, url);
          const http = new HttpPost({ clock: deps.clock, rules, senders: deps.senders, timeoutMs });
          return speech.open(http, deps, timeoutMs);
        },
        preview: (notification, texts) => previewOfBody(speech.messageOf(notification, texts)),
      };
    },
  };
}

/** A URL below a base URL: `path` is made of constants and of values that were encoded. */
export function below(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}

function readBaseUrl(text: string): URL | undefined {
  if (/[\s?#]/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '';
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}

function trusting(rules: HttpRules, url: URL): HttpRules {
  return { ...rules, allow: [...rules.allow, url.hostname.replace(/^\[|\]$/g, '')] };
}
