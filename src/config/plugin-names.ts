import { type Environment, fillIn } from './fill-in.js';
import { Findings, type Place } from './problem.js';
import { readFileText } from './read-file.js';
import { readYaml, type YamlNode } from './yaml-document.js';

const configMaxBytes = 1024 * 1024;

/** A module named under `notification_types.plugins`, and where. */
export interface PluginName {
  readonly name: string;
  readonly place: Place;
}

/**
 * The modules that have to be loaded before the file as a whole can be judged: their notifiers bring keys of their own.
 *
 * Reads the file once more and says nothing about it; whatever is wrong is found by `loadConfig`.
 */
export function readPluginNames(file: string, environment: Environment): readonly PluginName[] {
  const found = readFileText(file, configMaxBytes);
  if (found.kind === 'unusable') return [];
  const root = readYaml(found.text, new Findings(file));
  const node = below(below(root, 'notification_types'), 'plugins');
  const items = node?.kind === 'list' ? node.items : node === undefined ? [] : [node];
  return items.flatMap((item) => (item.kind === 'scalar' ? namesIn(item.text, item.at, environment) : []));
}

function namesIn(text: string, place: Place, environment: Environment): readonly PluginName[] {
  const filled = fillIn(text, environment);
  if (!('text' in filled)) return [];
  const names = filled.text.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '').map((name) => ({ name, place }));
}

function below(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'section' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}
