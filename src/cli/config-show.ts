import { effectiveTree, effectiveYaml } from '../config/show.js';
import { type Command, configOption, jsonOption } from './command.js';
import { loadOrReport } from './configuration.js';

/** Prints the values in force under their public names. */
export const command: Command = {
  options: { ...configOption, ...jsonOption },
  async run(args, io) {
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const { settings, plugins, config } = loaded;
    if (args.has('json')) io.out(JSON.stringify(effectiveTree(settings, plugins, config.templates), undefined, 2));
    else io.out(effectiveYaml(settings, plugins, config.templates).trimEnd());
    return 0;
  },
};
