import type { Findings, Place } from '../problem.js';
import type { YamlNode, YamlScalar } from '../yaml-document.js';
import type { IniOption } from './ini-document.js';
import type { OldEntry } from './old-entry.js';

/** Sections whose options only have another section today. */
const sections: Readonly<Record<string, string>> = {
  alarm_processor: 'processors.alarm',
  notification_processor: 'processors.notification',
  retry_engine: 'retry',
  email_notifier: 'notification_types.email',
  webhook_notifier: 'notification_types.webhook',
  pagerduty_notifier: 'notification_types.pagerduty',
  slack_notifier: 'notification_types.slack',
  jira_notifier: 'notification_types.jira',
  hipchat_notifier: 'notification_types.hipchat',
};

/** What the final ancestor did where its file said nothing, and this engine does otherwise. Source: its `conf` package, 9.0.0. */
const defaults: Readonly<Record<string, string>> = {
  'kafka.url': '127.0.0.1:9092',
  'kafka.group': 'monasca-notification',
  'zookeeper.url': '127.0.0.1:2181',
  'mysql.host': '127.0.0.1',
  'mysql.user': 'notification',
  'mysql.passwd': 'password',
  'mysql.db': 'mon',
  'notification_types.enabled': '',
  'statsd.names': 'monasca',
};

/** And of the notifiers: only where the type is enabled. */
const notifierDefaults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  email: { timeout: '5' },
  pagerduty: { url: 'https://events.pagerduty.com/generic/2010-04-15/create_event.json' },
};

const nowhere: Place = { line: 1, column: 1 };

/** The options of a final INI file under today's names, and the ancestor's defaults where ours are others. */
export function namedToday(options: readonly IniOption[], findings: Findings): readonly OldEntry[] {
  const entries = options.flatMap((option) => entriesOf(option, findings));
  const names = new Set(entries.map(({ name }) => name));
  const enabled = entries.find(({ name }) => name === 'notification_types.enabled')?.value;
  const types = enabled?.kind === 'list' ? enabled.items.map((item) => (item.kind === 'scalar' ? item.text : '')) : [];
  const ofTypes = types.flatMap((type) =>
    Object.entries(notifierDefaults[type] ?? {}).map(
      ([key, text]) => [`notification_types.${type}.${key}`, text] as const,
    ),
  );
  const missing = [...Object.entries(defaults), ...ofTypes].filter(([name]) => !names.has(name));
  const added = missing.map(([name, text]): OldEntry => {
    const value = name === 'notification_types.enabled' ? listOf(text, nowhere) : scalar(text, nowhere);
    return { name, original: name, keyAt: nowhere, value, isAdded: true };
  });
  return [...entries, ...added];
}

function entriesOf(option: IniOption, findings: Findings): readonly OldEntry[] {
  const { section, key, keyAt, valueAt } = option;
  const original = `[${section}] ${key}`;
  const text = plainText(option, findings);
  const entry = (name: string, value: YamlNode): OldEntry => ({ name, original, keyAt, value, isAdded: false });
  if (section === 'DEFAULT' && key === 'debug') {
    return /^(true|1|yes|on)$/i.test(text) ? [entry('log.level', scalar('debug', valueAt))] : [];
  }
  const name = `${sections[section] ?? section}.${key}`;
  if (name === 'kafka.periodic') return [entry(name, pairsOf(text, option, findings))];
  if (name === 'notification_types.enabled') return [entry(name, listOf(text, valueAt))];
  if (name !== 'mysql.ssl') return [entry(name, scalar(text, valueAt))];
  const pairs = pairsOf(text, option, findings);
  return pairs.kind === 'section' ? pairs.entries.map((one) => entry(`mysql.ssl.${one.key}`, one.value)) : [];
}

/** `$$` is a dollar sign there, and `$name` the value of another option: nothing that a file of today can say. */
function plainText({ key, value, valueAt }: IniOption, findings: Findings): string {
  if (/\$(?!\$)[A-Za-z_{]/.test(value.replaceAll('$$', ''))) {
    findings.problem(valueAt, key, 'expected a value, got a reference to another option; write its value here');
  }
  return value.replaceAll('$$', '$').replaceAll('${', '$${');
}

function pairsOf(text: string, { key, valueAt }: IniOption, findings: Findings): YamlNode {
  const entries = partsOf(text).flatMap((part) => {
    const [, name, value = ''] = /^([^:]+):(.*)$/.exec(part) ?? [];
    if (name !== undefined) return [{ key: name.trim(), keyAt: valueAt, value: scalar(value.trim(), valueAt) }];
    findings.problem(valueAt, key, 'expected key:value, or several separated by commas');
    return [];
  });
  return { kind: 'section', at: valueAt, entries };
}

/** Short names and class paths are both known. */
function listOf(text: string, at: Place): YamlNode {
  const items = partsOf(text).map((part) => {
    const [, type = part] = /\bplugins\.([a-z0-9]+)_notifier[:.]/i.exec(part) ?? [];
    return scalar(type.toLowerCase(), at);
  });
  return { kind: 'list', at, items };
}

function partsOf(text: string): readonly string[] {
  const parts = text.replace(/^\{(.*)\}$/s, '$1').split(',');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function scalar(text: string, at: Place): YamlScalar {
  return { kind: 'scalar', at, text, plain: text === '' };
}
