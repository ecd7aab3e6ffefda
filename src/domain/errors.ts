/** Every code that an error of ours may carry; each is explained in deploy/OPERATIONS.md. */
export const errorCodes = [
  'CONFIG_INVALID',
  'ALARM_MALFORMED',
  'DIRECTORY_UNAVAILABLE',
  'DELIVERY_FAILED',
  'RECORD_REFUSED',
  'RIGHT_MISSING',
  'FENCED',
  'STORE_UNAVAILABLE',
  'STORE_DAMAGED',
  'INTERNAL_ERROR',
  'PROTOCOL_VIOLATED',
  'WORKERS_FAILING',
  'ABORTED',
  'LISTEN_FAILED',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** The only kind of error that crosses a port. `retriable`: could the same call succeed later, with nothing changed on our side? */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;

  constructor(code: ErrorCode, message: string, facts: { retriable: boolean; cause?: unknown }) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.code = code;
    this.retriable = facts.retriable;
  }
}

/** What a step ends with that its signal cut short. Retriable, since nothing is known to be wrong: whoever wants to go on takes the step again. */
export function givenUp(message: string, cause?: unknown): EngineError {
  return new EngineError('ABORTED', message, { retriable: true, cause });
}

/** True when a step ended because its signal aborted, and not because something failed. */
export function isGivenUp(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'ABORTED';
}

const settingCodes = ['CONFIG_INVALID', 'STORE_DAMAGED', 'RIGHT_MISSING'] as const satisfies readonly ErrorCode[];
/** What starting again cannot help. */
export type SettingCode = (typeof settingCodes)[number];

/** Could only a change of settings, rights or stored data help? */
export function isSettingCode(code: ErrorCode): code is SettingCode {
  return settingCodes.some((known) => known === code);
}

/** A wrong or missing setting, a damaged store or a missing right: starting again cannot help, hence exit code 78. */
export class ConfigurationError extends EngineError {
  constructor(code: SettingCode, message: string, cause?: unknown) {
    super(code, message, { retriable: false, cause });
  }
}

/** Why a send did not end in `sent`. A closed set: it labels metrics and stands in the history of outcome records. */
export const deliveryFailures = [
  'rejected',
  'unauthorized',
  'rate_limited',
  'unreachable',
  'timed_out',
  'server_error',
  'forbidden_address',
  'bad_address',
  'outcome_unknown',
] as const;
export type DeliveryFailure = (typeof deliveryFailures)[number];

/** What a failure tells of: this notification alone, all for the same address, or all that goes to the same destination. */
export type FailureScope = 'notification' | 'address' | 'destination';

/** Where a notifier does not say. A host that answers badly, or not at all, may do so for one address only: its paths are many tenants'. */
function usualScope(failure: DeliveryFailure, facts: { retriable: boolean; retryAfterMs?: number }): FailureScope {
  switch (failure) {
    case 'unreachable':
    case 'timed_out':
      return 'destination';
    case 'server_error':
    case 'outcome_unknown':
      return 'address';
    case 'unauthorized':
      // One that may pass is a login of our own, which every send to that destination needs.
      return facts.retriable ? 'destination' : 'notification';
    case 'rate_limited':
      return facts.retryAfterMs === undefined ? 'address' : 'notification';
    case 'rejected':
    case 'forbidden_address':
    case 'bad_address':
      return 'notification';
    default:
      return failure satisfies never;
  }
}

interface DeliveryFacts {
  readonly failure: DeliveryFailure;
  readonly retriable: boolean;
  readonly retryAfterMs?: number;
  readonly wire?: string;
  readonly scope?: FailureScope;
  readonly cause?: unknown;
}

/**
 * One send that the receiver did not take.
 *
 * `retriable` is false when the receiver understood and refused. `outcome_unknown`: the answer was lost after the whole message was out.
 * `retryAfterMs` is the pause that the remote side asked for, if it asked. `wire` is what it answered, for people, at most 200 characters,
 * without address, token or alarm text; neither has a place in `message`.
 */
export class DeliveryError extends EngineError {
  readonly failure: DeliveryFailure;
  readonly scope: FailureScope;
  readonly retryAfterMs: number | undefined;
  readonly wire: string | undefined;

  constructor(message: string, facts: DeliveryFacts) {
    super('DELIVERY_FAILED', message, facts);
    this.failure = facts.failure;
    this.scope = facts.scope ?? usualScope(facts.failure, facts);
    this.retryAfterMs = facts.retryAfterMs;
    this.wire = facts.wire;
  }
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
