import { canaryMethod, canaryType, isCanary } from '../domain/canary.js';
import { DeliveryError } from '../domain/errors.js';
import type { Notification } from '../domain/notification.js';
import type { Notifier, Receipt } from '../ports/notifier.js';

/** Takes canaries and tells nobody. A row that names its type gets nowhere with it: what is no canary is refused for good. */
export const canarySink: Notifier = {
  destinationOf: () => canaryType,
  async send({ alarm, method }: Notification): Promise<Receipt> {
    if (isCanary(alarm) && method.id === canaryMethod.id) return { remoteId: undefined, wire: 'taken' };
    const text = `method ${method.id} has the type ${canaryType}, which is for the alarms of the engine itself`;
    throw new DeliveryError(text, { failure: 'bad_address', retriable: false });
  },
  close: () => Promise.resolve(),
};
