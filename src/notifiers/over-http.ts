import { Secret } from '../domain/secret.js';
import type { NotifierPlugin, SectionKey, SectionProblem } from '../ports/notifier.js';
import { readPemFile } from './pem-file.js';
import { Section } from './section.js';

/**
 * Messages a second to one address that the services allow in the long run; all of them take short bursts.
 *
 * Sources: docs.slack.dev, "Rate limits" (one a second per channel); Discord's webhooks answer with 30 a minute in their rate limit
 * headers; core.telegram.org, "Bots FAQ" (one a second in one chat); learn.microsoft.com, "Create Incoming Webhooks", "Rate limiting" (four
 * a second); PagerDuty's community forum, "Monitoring API rate limiting" (120 a minute per integration key).
 */
const serviceRates: Readonly<Record<string, number>> = { slack: 1, discord: 0.5, telegram: 1, teams: 4, pagerduty: 2 };

function keysOf(type: string): readonly SectionKey[] {
  return [
    {
      key: 'rate',
      type: 'number',
      default: serviceRates[type],
      minimum: 0.001,
      maximum: 100_000,
      description: 'sends per second to one address, with bursts of five seconds; absent: any number',
    },
    {
      key: 'ca_certs',
      type: 'text',
      default: undefined,
      description: 'PEM file with the authorities to trust instead of the well-known ones',
    },
    {
      key: 'insecure',
      type: 'boolean',
      default: false,
      description: 'true: certificates are not verified, so anybody on the way can read and answer',
    },
    {
      key: 'proxy',
      type: 'secret',
      default: undefined,
      description:
        'URL of an HTTP proxy for https addresses; it resolves their names, so it has to keep internal ones from tenants',
    },
  ];
}

function isProxyUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The same plugin with the keys that all types by HTTP share: how fast, whom to trust, and through which proxy. */
export function overHttp(plugin: NotifierPlugin): NotifierPlugin {
  const keys = keysOf(plugin.type);
  const prefix = `notification_types.${plugin.type}`;
  return {
    ...plugin,
    keys: [...plugin.keys, ...keys],
    configure(section) {
      const values = new Section(keys, section);
      const configured = plugin.configure(section);
      const proxy = values.text('proxy');
      const problems: SectionProblem[] = [...values.problems];
      if (proxy !== undefined && !isProxyUrl(proxy)) problems.push({ key: 'proxy', problem: 'expected an http URL' });
      if (configured.kind === 'wrong') problems.unshift(...configured.problems);
      if (problems.length > 0) return { kind: 'wrong', problems };
      if (configured.kind !== 'ready') return configured;
      const isInsecure = values.boolean('insecure');
      const unverified = `${prefix}.insecure: certificates are not verified`;
      const perSecond = values.number('rate');
      return {
        ...configured,
        warnings: isInsecure ? [...configured.warnings, unverified] : configured.warnings,
        open(deps) {
          const ca = readPemFile(values.text('ca_certs'), `${prefix}.ca_certs`);
          const way = { ca, isInsecure, proxy: proxy === undefined ? undefined : new Secret(proxy) };
          const notifier = configured.open({ ...deps, http: { ...deps.http, way } });
          return perSecond === 0 ? notifier : Object.assign(notifier, { rate: { perSecond, of: 'address' as const } });
        },
      };
    },
  };
}
