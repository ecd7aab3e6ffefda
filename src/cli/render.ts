import type { Alarm } from '../domain/alarm.js';
import { type NotificationMethod, notificationId } from '../domain/notification.js';
import { Secret } from '../domain/secret.js';
import { systemClock } from '../runtime/clock.js';
import { createTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { readAlarmFile } from './alarm-file.js';
import {
  type Command,
  type CommandArguments,
  type CommandIo,
  configOption,
  jsonOption,
  UsageError,
} from './command.js';
import { loadOrReport, type Valid } from './configuration.js';
import { methodById } from './method-by-id.js';
import { type Preview, previewOf } from './previews.js';

const stderrFd = 2;

/** Prints the texts that an alarm would be told as. Sends nothing; asks MySQL only for `--method`. */
export const command: Command = {
  positionals: '(FILE | -)',
  options: {
    ...configOption,
    ...jsonOption,
    type: {
      value: 'TYPE',
      repeated: true,
      description: 'this type only (default: all that are enabled and configured)',
    },
    name: { value: 'NAME', description: 'as if the method had this name, for templates of single methods' },
    method: { value: 'ID', description: 'for this notification method in the database: its type and its name' },
  },
  async run(args, io) {
    const [file, more] = args.positionals;
    if (file === undefined || more !== undefined)
      throw new UsageError('expected one alarm: FILE, or - for standard input');
    if (args.has('method') && (args.has('type') || args.has('name'))) {
      throw new UsageError('--method says type and name; it does not go together with --type and --name');
    }
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const { alarm } = await readAlarmFile(file, loaded.config.kafka.alarmTopic);
    const methods = await methodsOf(args, loaded);
    if (methods === undefined) {
      io.err('no such notification method; check the id, and mysql.db');
      return 1;
    }
    const shown = methods.map((method) => previewOf(loaded, notificationTo(method, alarm)));
    const previews = shown.filter((one): one is Preview => 'pieces' in one);
    // Of a type that nobody asked for by name it is no news that it is not configured.
    const isAsked = args.has('method') || args.has('type');
    for (const one of shown) if ('missing' in one && isAsked) io.err(`${one.type}: ${one.missing}`);
    print(previews, args, io);
    const isWhole = previews.every(({ templates }) => templates.every(({ failure }) => failure === undefined));
    return isWhole && (!isAsked || previews.length === shown.length) ? 0 : 1;
  },
};

async function methodsOf(args: CommandArguments, loaded: Valid): Promise<readonly NotificationMethod[] | undefined> {
  const id = args.text('method');
  if (id === undefined) {
    const types = args.has('type') ? args.texts('type').map((type) => type.toLowerCase()) : loaded.config.enabledTypes;
    const name = args.text('name') ?? 'command line';
    return types.map((type) => ({ id: 'command-line', name, type, address: new Secret(''), periodMs: 0 }));
  }
  const log = { ...loaded.config.log, level: 'warn' } as const;
  const telemetry = createTelemetry({ process: 'render', log, sink: openLineSink(stderrFd), clock: systemClock });
  try {
    const method = await methodById(id, loaded.config, telemetry);
    return method === undefined ? undefined : [method];
  } finally {
    telemetry.close();
  }
}

function notificationTo(method: NotificationMethod, alarm: Alarm) {
  const { position } = alarm;
  return { position, id: notificationId(position, method.id), alarm, method, attempt: 1, repeat: 0 };
}

function print(previews: readonly Preview[], args: CommandArguments, io: CommandIo): void {
  if (args.has('json')) {
    io.out(JSON.stringify({ previews }, undefined, 2));
    return;
  }
  for (const { type, pieces, templates } of previews) {
    io.out(`=== ${type}`);
    for (const { part, failure } of templates) {
      io.out(failure === undefined ? `(${part}: template)` : `(${part}: built in, the template failed: ${failure})`);
    }
    for (const { name, text } of pieces) io.out(`--- ${name}\n${visible(text)}`);
  }
}

/** An alarm's control characters would reach the terminal otherwise. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
