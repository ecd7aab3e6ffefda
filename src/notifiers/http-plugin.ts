import type { HttpRules, Notifier, NotifierDeps, NotifierPlugin, SectionKey } from '../ports/notifier.js';
import { type HttpDialect, HttpNotifier } from './http-notifier.js';
import { HttpPost } from './http-post.js';
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

/** A type whose address is the URL to post to: tenants' data, so `http.allow` decides. Works without a section of its own. */
export function urlPlugin(type: string, dialect: HttpDialect): NotifierPlugin {
  const keys = [timeoutKey('one POST: name, connection, request and answer')];
  return {
    type,
    keys,
    configure(section) {
      const values = new Section(keys, section);
      if (values.problems.length > 0) return { kind: 'wrong', problems: values.problems };
      const timeoutMs = values.number('timeout') * 1000;
      return {
        kind: 'ready',
        warnings: [],
        open: ({ clock, http, senders }) =>
          new HttpNotifier(new HttpPost({ clock, rules: http, senders, timeoutMs }), dialect),
      };
    },
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
  /** Keys without which the type is unconfigured. */
  readonly needs: readonly string[];
  /** What else is missing, where one key alone does not tell. */
  lacks?(values: Section): readonly string[];
  open(http: HttpPost, url: URL, values: Section, deps: NotifierDeps, timeoutMs: number): Notifier;
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
      const inClear = `notification_types.${spec.type}.url: http sends credentials and alarms in clear`;
      return {
        kind: 'ready',
        warnings: url.protocol === 'http:' ? [inClear] : [],
        open: (deps) => {
          const rules = trusting(deps.http, url);
          const http = new HttpPost({ clock: deps.clock, rules, senders: deps.senders, timeoutMs });
          return spec.open(http, url, values, deps, timeoutMs);
        },
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
