import type { DigestWorkerDeps } from '../digest/digest-worker.js';
import { EngineError } from '../domain/errors.js';
import type { DigestSettings } from './digest-settings.js';
import type { DigestState } from './digest-view.js';

/** Runs the digest on Kafka until `stop` aborts. */
export async function runKafkaDigest(
  _settings: DigestSettings,
  _deps: DigestWorkerDeps,
  _state: DigestState,
  _stop: AbortSignal,
): Promise<void> {
  throw new EngineError('CONFIG_INVALID', 'not there yet', { retriable: false });
}
