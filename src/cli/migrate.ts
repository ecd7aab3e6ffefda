import { migrate } from '../config/migration/migrate.js';
import { problemText } from '../config/problem.js';
import { builtinNotifiers } from '../notifiers/builtin.js';
import { type Command, UsageError } from './command.js';

/** Prints an old configuration file as one of today. Connects to nothing and writes no file. */
export const command: Command = {
  positionals: 'FILE',
  options: {},
  isAboutConfiguration: true,
  async run(args, io) {
    const [file, ...others] = args.positionals;
    if (file === undefined || others.length > 0) throw new UsageError('name one old configuration file');
    const migrated = migrate(file, io.environment, builtinNotifiers);
    if (migrated.kind === 'migrated') {
      io.out(migrated.text.trimEnd());
      return 0;
    }
    for (const problem of migrated.problems) io.err(problemText(problem));
    return 78;
  },
};
