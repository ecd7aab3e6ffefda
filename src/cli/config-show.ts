import { effectiveTree, effectiveYaml } from '../config/show.js';
import { builtinNotifiers } from '../notifiers/builtin.js';
import { type Command, configOption, jsonOption } from './command.js';
import { loadOrReport } from './configuration.js';

/** Prints the values in force under their public names. */
export const command: Command = {
  options: { ...configOption, ...jsonOption },
  async run(args, io) {
    const loaded = loadOrReport(args, io);
    if (loaded === undefined) return 78;
    if (args.has('json')) io.out(JSON.stringify(effectiveTree(loaded.settings, builtinNotifiers), undefined, 2));
    else io.out(effectiveYaml(loaded.settings, builtinNotifiers).trimEnd());
    return 0;
  },
};
