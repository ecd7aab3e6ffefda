import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What a catcher that runs as a process of its own is told on its command line. */
export interface CatcherCommand {
  readonly port: number;
  /** File that receipts are appended to, as JSON lines. */
  readonly ledger: string | undefined;
  readonly fsync: boolean;
  /** `--answers JSON`: scripted answers by path or recipient. */
  readonly answers: unknown;
}

/**
 * Runs a catcher as a process: `node …-catcher.js [--port N] [--ledger FILE] [--fsync] [--answers JSON]`. Prints `{"port":N}` on
 * stdout when it listens; ends on SIGTERM, SIGINT, or when the channel to its parent closes. Does nothing when the module was
 * imported.
 */
export async function runAsProcess(
  moduleUrl: string,
  start: (command: CatcherCommand) => Promise<{ readonly port: number; stop(): Promise<void> }>,
): Promise<void> {
  if (process.argv[1] === undefined || fileURLToPath(moduleUrl) !== process.argv[1]) return;
  const options = {
    port: { type: 'string', default: '0' },
    ledger: { type: 'string' },
    fsync: { type: 'boolean', default: false },
    answers: { type: 'string', default: '{}' },
  } as const;
  const { values } = parseArgs({ options });
  const { ledger, fsync } = values;
  const catcher = await start({ port: Number(values.port), ledger, fsync, answers: JSON.parse(values.answers) });
  const end = () => {
    void catcher.stop().then(() => process.exit(0));
  };
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, end);
  process.stdout.write(`${JSON.stringify({ port: catcher.port })}\n`);
}
