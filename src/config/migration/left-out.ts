import type { KnownNames } from '../known-names.js';

/** Why a setting of the past has no counterpart, where the lists of retired keys do not say it. */
const reasons: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^kafka\.legacy_kafka_client_enabled$/, 'there is one client'],
  [/^notification_types\.plugins\./, 'class paths of Python mean nothing here; name modules of Node'],
  [/^notification_types\.slack\.message_template$/, 'templates are written in Liquid; see templates.slack'],
  [/^notification_types\.jira\.custom_formatter$/, 'templates are written in Liquid; see templates.jira'],
  [/^(postgresql|orm)\./, 'MySQL is the only database'],
  [/^DEFAULT\./, 'log lines go to stderr; see log.level and log.format'],
  [/^statsd\./, 'statsd has host, port, enable and names'],
];

/** Known names that are not carried over all the same: whoever weakens a connection says so himself. */
const notCarriedOver: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^notification_types\.plugins$/, 'class paths of Python mean nothing here; name modules of Node'],
  [/^notification_types\.[^.]+\.insecure$/, 'certificates are verified; add it by hand where they must not be'],
];

/** Why a setting that this engine knows is left out of a migrated file all the same; undefined when it is carried over. */
export function notCarriedOverBecause(key: string): string | undefined {
  return notCarriedOver.find(([pattern]) => pattern.test(key))?.[1];
}

/** Why a name is left out of a migrated file; undefined when it has its counterpart. */
export function leftOutBecause(name: string, names: KnownNames): string | undefined {
  const special = reasons.find(([pattern]) => pattern.test(name))?.[1];
  const known = names.find(name) ?? (names.isSection(name) ? undefined : names.findCovering(name));
  switch (known?.kind) {
    case 'value':
    case 'file':
    case 'older':
      return notCarriedOverBecause(name);
    case 'retired':
      return known.retired.notice;
    case 'own':
      return undefined;
    case undefined: {
      if (special !== undefined) return special;
      const nearest = names.nearest(name);
      return `unknown to this engine${nearest === undefined ? '' : `; did it mean ${nearest}?`}`;
    }
    default:
      return known satisfies never;
  }
}
