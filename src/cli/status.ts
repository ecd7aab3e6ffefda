import { systemClock } from '../runtime/clock.js';
import { type Command, configOption, jsonOption } from './command.js';
import { loadOrReport } from './configuration.js';
import { adminUrl, askEngine } from './engine-status.js';
import { statusTable } from './status-table.js';

/** Asks the running engine how it is. Exit code 0 only when it is ready. */
export const command: Command = {
  options: {
    ...configOption,
    ...jsonOption,
    url: { value: 'URL', description: 'admin endpoint to ask, instead of the one in the configuration' },
  },
  async run(args, io) {
    let url = args.text('url')?.replace(/\/+$/, '');
    if (url === undefined) {
      const loaded = await loadOrReport(args, io);
      if (loaded === undefined) return 78;
      url = adminUrl(loaded.config.admin.host, loaded.config.admin.port);
    }
    const status = await askEngine(url, systemClock);
    if (args.has('json')) io.out(JSON.stringify(status.document));
    else for (const line of statusTable(status)) io.out(line);
    return status.document.reasons.length === 0 ? 0 : 1;
  },
};
