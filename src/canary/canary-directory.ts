import type { Alarm } from '../domain/alarm.js';
import { canaryMethod, isCanary } from '../domain/canary.js';
import type { NotificationMethod } from '../domain/notification.js';
import type { AskedMethods, MethodDirectory } from '../ports/directory.js';

/**
 * A directory that also knows where canaries go.
 *
 * It asks for their methods as for those of any alarm, so that a database that does not answer stops them too; the answer is not used. Nobody
 * is told of a canary because a row happens to name it.
 */
export class CanaryDirectory implements MethodDirectory {
  readonly #others: MethodDirectory;

  constructor(others: MethodDirectory) {
    this.#others = others;
  }

  async methodsFor(alarm: Alarm, signal: AbortSignal): Promise<readonly NotificationMethod[]> {
    const methods = await this.#others.methodsFor(alarm, signal);
    return isCanary(alarm) ? [canaryMethod] : methods;
  }

  async askedFor(alarm: Alarm, signal: AbortSignal): Promise<AskedMethods> {
    const asked = await this.#others.askedFor(alarm, signal);
    return isCanary(alarm) ? { immediate: [canaryMethod], digest: [] } : asked;
  }

  mayHaveDigests(signal: AbortSignal): Promise<boolean> {
    return this.#others.mayHaveDigests(signal);
  }

  async methodById(id: string, signal: AbortSignal): Promise<NotificationMethod | undefined> {
    const method = await this.#others.methodById(id, signal);
    return id === canaryMethod.id ? canaryMethod : method;
  }

  alarmState(alarmId: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#others.alarmState(alarmId, signal);
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#others.ping(signal);
  }

  close(): Promise<void> {
    return this.#others.close();
  }
}
