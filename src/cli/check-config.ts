import { problemText } from '../config/problem.js';
import { type Command, configOption, jsonOption } from './command.js';
import { configFile, loadMeant, warningText } from './configuration.js';

/** Reports problems and warnings on stdout, all at once. Connects to nothing. */
export const command: Command = {
  options: { ...configOption, ...jsonOption },
  async run(args, io) {
    const loaded = await loadMeant(args, io);
    const problems = loaded.kind === 'valid' ? [] : loaded.problems;
    const isValid = loaded.kind === 'valid';
    if (args.has('json')) {
      io.out(
        JSON.stringify(
          { file: configFile(args.text('config'), io), valid: isValid, problems, warnings: loaded.warnings },
          undefined,
          2,
        ),
      );
      return isValid ? 0 : 78;
    }
    for (const problem of problems) io.out(problemText(problem));
    for (const warning of loaded.warnings) io.out(warningText(warning));
    if (isValid) io.out(`${configFile(args.text('config'), io)}: valid`);
    return isValid ? 0 : 78;
  },
};
