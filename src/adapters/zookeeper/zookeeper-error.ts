import { ConfigurationError, EngineError } from '../../domain/errors.js';
import type { LibraryError } from './client-library.js';

export type ZookeeperReason =
  | 'connection_loss'
  | 'session_ended'
  | 'timed_out'
  | 'no_node'
  | 'node_exists'
  | 'not_empty'
  | 'no_auth'
  | 'other';

const reasons: Readonly<Record<number, ZookeeperReason>> = {
  [-4]: 'connection_loss',
  [-101]: 'no_node',
  [-102]: 'no_auth',
  [-110]: 'node_exists',
  [-111]: 'not_empty',
  [-112]: 'session_ended',
  [-115]: 'session_ended',
};

/**
 * A request that ZooKeeper refused or did not answer. Where it leaves the adapter it means: try again later.
 *
 * After `connection_loss`, `session_ended` and `timed_out` the request may have been carried out all the same.
 */
export class ZookeeperError extends EngineError {
  readonly reason: ZookeeperReason;
  /** In a multi: which of its operations was refused. */
  readonly operationIndex: number | undefined;

  constructor(reason: ZookeeperReason, message: string, facts: { operationIndex?: number; cause?: unknown } = {}) {
    super('STORE_UNAVAILABLE', message, { retriable: true, cause: facts.cause });
    this.reason = reason;
    this.operationIndex = facts.operationIndex;
  }

  static of(what: string, error: LibraryError, operationIndex?: number): ZookeeperError {
    const reason = reasons[error.code] ?? 'other';
    const facts = operationIndex === undefined ? { cause: error } : { cause: error, operationIndex };
    return new ZookeeperError(reason, `ZooKeeper: ${what}: ${error.message}; ${advice(reason)}`, facts);
  }
}

/** True when the error says exactly this. */
export function isReason(error: unknown, ...wanted: readonly ZookeeperReason[]): error is ZookeeperError {
  return error instanceof ZookeeperError && wanted.includes(error.reason);
}

/** A right that is missing stays missing until somebody grants it. */
export function rightMissing(what: string, cause: ZookeeperError): ConfigurationError {
  const message = `ZooKeeper refuses to ${what}: check zookeeper.auth and the ACL of that node`;
  return new ConfigurationError('RIGHT_MISSING', message, cause);
}

function advice(reason: ZookeeperReason): string {
  switch (reason) {
    case 'connection_loss':
    case 'session_ended':
    case 'timed_out':
      return 'check that the servers of zookeeper.url run and can be reached';
    case 'no_auth':
      return 'check zookeeper.auth';
    case 'no_node':
    case 'node_exists':
    case 'not_empty':
    case 'other':
      return 'check who else writes to this path';
    default:
      return reason satisfies never;
  }
}
