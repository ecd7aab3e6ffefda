import { problemText } from '../config/problem.js';
import { checkOnline, type OnlineAnswer } from './check-online.js';
import { type Command, type CommandIo, configOption, type ExitCode, jsonOption } from './command.js';
import { configFile, loadMeant, unconfiguredTypes, warningText } from './configuration.js';

/** Reports problems and warnings on stdout, all at once. Connects to nothing, unless asked to: then Kafka, ZooKeeper and MySQL have to answer. */
export const command: Command = {
  options: {
    ...configOption,
    ...jsonOption,
    online: { description: 'also ask Kafka, ZooKeeper and MySQL; a system that does not answer is a problem' },
  },
  async run(args, io) {
    const loaded = await loadMeant(args, io);
    const file = configFile(args.text('config'), io);
    const answers = loaded.kind === 'valid' && args.has('online') ? await checkOnline(loaded, file) : undefined;
    return report({ file, loaded, answers, isJson: args.has('json') }, io);
  },
};

interface Checked {
  readonly file: string;
  readonly loaded: Awaited<ReturnType<typeof loadMeant>>;
  /** Undefined: nobody was asked. */
  readonly answers: readonly OnlineAnswer[] | undefined;
  readonly isJson: boolean;
}

function report({ file, loaded, answers, isJson }: Checked, io: CommandIo): ExitCode {
  const problems = loaded.kind === 'valid' ? [] : loaded.problems;
  const isValid = loaded.kind === 'valid';
  const warnings = [...loaded.warnings, ...(isValid ? unconfiguredTypes(loaded, file) : [])];
  const isGood = isValid && (answers ?? []).every(({ isFine }) => isFine);
  if (isJson) {
    const online = answers === undefined ? {} : { online: answers };
    io.out(JSON.stringify({ file, valid: isValid, problems, warnings, ...online }, undefined, 2));
    return isGood ? 0 : 78;
  }
  for (const problem of problems) io.out(problemText(problem));
  for (const warning of warnings) io.out(warningText(warning));
  for (const answer of answers ?? []) io.out(problemText(answer));
  if (isValid) io.out(`${file}: valid${isGood ? '' : ', but not all that it names can be used'}`);
  return isGood ? 0 : 78;
}
