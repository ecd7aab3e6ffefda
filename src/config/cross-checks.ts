import { Secret } from '../domain/secret.js';
import type { NotifierPlugin } from '../ports/notifier.js';
import { enabledTypesOf, sectionsOf } from './compile.js';
import type { Period } from './key-spec.js';
import { oneOf } from './key-values.js';
import { nearestName } from './nearest.js';
import type { Findings, Place } from './problem.js';
import { revealedSections } from './revealed.js';
import { sectionKeyName } from './schema.js';
import type { Settings } from './settings.js';

/**
 * What one key alone cannot tell: values that do not go together, and sections that their notifiers refuse. Answers with the types of which
 * nothing is said and that cannot do without: most are simply not used here.
 */
export function crossCheck(
  settings: Settings,
  plugins: readonly NotifierPlugin[],
  findings: Findings,
): readonly string[] {
  checkTopics(settings, findings);
  checkSasl(settings, findings);
  checkZooKeeperAuth(settings, findings);
  checkHeartbeat(settings, findings);
  checkEnabled(settings, plugins, findings);
  return checkSections(settings, plugins, findings);
}

const topicKeys = [
  'kafka.alarm_topic',
  'kafka.notification_topic',
  'kafka.notification_retry_topic',
  'kafka.dead_letter_topic',
  'digest.status_topic',
  'digest.command_topic',
  'digest.digest_topic',
  'digest.state_topic',
];

/** One topic in two parts would feed the engine with its own output. */
function checkTopics(settings: Settings, findings: Findings): void {
  const users = topicKeys.map((key) => ({ key, topic: settings.values.get(key) }));
  const periods = (settings.values.get('kafka.periodic') ?? []) as readonly Period[];
  for (const { topic } of periods) users.push({ key: 'kafka.periodic', topic });
  const firstUse = new Map<unknown, string>();
  for (const { key, topic } of users) {
    const other = topic === undefined ? undefined : firstUse.get(topic);
    if (other === undefined) {
      firstUse.set(topic, key);
      continue;
    }
    // The blame goes to the one that stands in the file.
    const where = settings.whereIs(settings.whereIs(key).isGiven ? key : other);
    const rest = where.name === key ? other : key;
    findings.problem(where.place, where.name, `expected a topic of its own, got that of ${rest}`);
  }
}

/** The three keys of a login at Kafka stand together or not at all. */
export function checkSasl(settings: Settings, findings: Findings): void {
  const keys = ['kafka.sasl.mechanism', 'kafka.sasl.username', 'kafka.sasl.password'];
  if (keys.every((key) => settings.values.get(key) === undefined)) return;
  for (const key of keys) {
    const { place, name } = settings.whereIs(key);
    // Under whichever of its names: a password is also given by a file.
    const isBlamed = findings.problems.some((problem) => problem.key.startsWith(key));
    if (settings.values.get(key) !== undefined || isBlamed) continue;
    findings.problem(place, name, 'expected mechanism, username and password together, got nothing here');
  }
}

function checkZooKeeperAuth(settings: Settings, findings: Findings): void {
  const auth = settings.values.get('zookeeper.auth');
  if (!(auth instanceof Secret) || /^[^:]+:./s.test(auth.reveal())) return;
  const { place, name } = settings.whereIs('zookeeper.auth');
  findings.problem(place, name, 'expected user:password, got something else');
}

function checkHeartbeat(settings: Settings, findings: Findings): void {
  const address = settings.values.get('heartbeat.url');
  if (!(address instanceof Secret)) return;
  const text = address.reveal();
  const url = /\s/.test(text) || !URL.canParse(text) ? undefined : new URL(text);
  const isPlain = url?.username === '' && url.password === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return;
  const { place, name } = settings.whereIs('heartbeat.url');
  findings.problem(place, name, 'expected an http or https URL without user and password, got something else');
}

function checkEnabled(settings: Settings, plugins: readonly NotifierPlugin[], findings: Findings): void {
  const asked = settings.values.get('notification_types.enabled') as readonly string[] | undefined;
  if (asked === undefined) return;
  const { place, name } = settings.whereIs('notification_types.enabled');
  const shipped = plugins.map((plugin) => plugin.type);
  if (asked.length === 0) findings.warning(place, name, 'no type is enabled: every notification will be parked');
  for (const type of asked) {
    if (shipped.includes(type.toLowerCase())) continue;
    if (type.toLowerCase() === 'hipchat') {
      findings.warning(place, name, 'hipchat has no effect any more: the service is gone');
      continue;
    }
    const nearest = nearestName(type, shipped);
    const hint = nearest === undefined ? '' : `; the nearest known one is ${nearest}`;
    findings.problem(place, name, `expected ${oneOf(shipped)}, got ${JSON.stringify(type)}${hint}`);
  }
}

/** Lets every enabled notifier judge its section; one that was asked for by name has to have what it needs. */
function checkSections(settings: Settings, plugins: readonly NotifierPlugin[], findings: Findings): readonly string[] {
  const asked = settings.values.get('notification_types.enabled') as readonly string[] | undefined;
  const enabled = enabledTypesOf(asked, plugins);
  const sections = revealedSections(sectionsOf(settings.values, plugins));
  const unsaid: string[] = [];
  for (const plugin of plugins) {
    if (!enabled.includes(plugin.type)) continue;
    const named = settings.whereIs('notification_types.enabled');
    const section = sectionPlace(plugin, settings);
    const configured = plugin.configure(sections[plugin.type]);
    switch (configured.kind) {
      case 'ready':
        for (const text of configured.warnings) findings.warning(section.place, section.name, text);
        break;
      case 'unconfigured':
        if (asked === undefined && sections[plugin.type] === undefined) unsaid.push(plugin.type);
        else if (asked === undefined) {
          findings.warning(section.place, section.name, `disabled: ${configured.detail}`);
        } else {
          findings.problem(
            named.place,
            named.name,
            `expected ${plugin.type} to be configured, got: ${configured.detail}`,
          );
        }
        break;
      case 'wrong':
        for (const { key, problem } of configured.problems) {
          const { place, name, isGiven, got } = settings.whereIs(sectionKeyName(plugin.type, key));
          const words = got === undefined || problem.includes(', got ') ? problem : `${problem}, got ${got}`;
          findings.problem(isGiven ? place : section.place, name, words);
        }
        break;
      default:
        configured satisfies never;
    }
  }
  return unsaid;
}

/** Where the section of a notifier is, under whichever of its names: the place of its first key, if it has one. */
function sectionPlace(plugin: NotifierPlugin, settings: Settings): { place: Place; name: string } {
  const name = `notification_types.${plugin.type}`;
  const keys = plugin.keys.map(({ key }) => settings.whereIs(sectionKeyName(plugin.type, key)));
  const first = keys.find((key) => key.isGiven);
  return { place: first?.place ?? settings.whereIs(name).place, name };
}
