import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import type { Config } from '../config/config.js';
import type { NotificationMethod } from '../domain/notification.js';
import { mysqlOptions } from '../engine/outside-options.js';
import { systemClock } from '../runtime/clock.js';
import type { ProcessTelemetry } from '../telemetry/create-telemetry.js';

const lookupTimeoutMs = 10_000;

/** The notification method with that id; undefined when there is none. @throws DIRECTORY_UNAVAILABLE. */
export async function methodById(
  id: string,
  config: Config,
  telemetry: ProcessTelemetry,
): Promise<NotificationMethod | undefined> {
  const directory = new MysqlMethodDirectory(mysqlOptions(config), { clock: systemClock, telemetry });
  const limit = systemClock.limit(lookupTimeoutMs);
  try {
    return await directory.methodById(id, limit.signal);
  } finally {
    limit.clear();
    await directory.close();
  }
}
