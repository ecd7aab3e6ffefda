import { basename } from 'node:path';

/** The name by which people call the program, which its words repeat, and the command that goes without saying under this name. */
export interface Called {
  readonly program: string;
  readonly command: readonly string[];
}

export const mainProgram: Called = { program: 'mon-notification', command: [] };

/** Programs of the package that are commands of the main one. */
const commands: Readonly<Record<string, string>> = {
  'alert-exec': 'alert-exec',
  monitor_endpoints: 'monitor-endpoints',
};

/** How the program was called, by the path of its file; the main program under any other name. */
export function calledBy(path: string): Called {
  const program = basename(path).replace(/\.(?:js|cmd|exe)$/, '');
  const command = Object.hasOwn(commands, program) ? commands[program] : undefined;
  return command === undefined ? mainProgram : { program, command: [command] };
}
