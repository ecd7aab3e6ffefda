import { type ListenAddress, parseListenAddress } from '../domain/listen-address.js';
import { type CommandArguments, UsageError } from './command.js';

/** The value of --metrics-listen; undefined when it is not there. @throws UsageError */
export function listenOption(args: CommandArguments): ListenAddress | undefined {
  const text = args.text('metrics-listen');
  const address = text === undefined ? undefined : parseListenAddress(text);
  if (text === undefined || address !== undefined) return address;
  throw new UsageError(`--metrics-listen: expected HOST:PORT, got ${JSON.stringify(text)}`);
}
