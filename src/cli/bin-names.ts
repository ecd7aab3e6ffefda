import { basename } from 'node:path';

/** Programs of the package that are commands of the main one. */
const commands: Readonly<Record<string, string>> = {
  'alert-exec': 'alert-exec',
  monitor_endpoints: 'monitor-endpoints',
};

/** The command that the program was called for by its name, as the first word of a command line; none for the main program. */
export function commandOfBin(path: string): readonly string[] {
  const name = basename(path).replace(/\.(?:js|cmd|exe)$/, '');
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return command === undefined ? [] : [command];
}
