import { givenUp } from '../../../src/domain/errors.js';
import type { Notification, NotificationMethod } from '../../../src/domain/notification.js';
import type { Notifier, Receipt } from '../../../src/ports/notifier.js';

/** A notifier that does what it is told; the destination is the method's address up to the first `/`. */
export class FakeNotifier implements Notifier {
  readonly sent: Notification[] = [];
  sendingCount = 0;
  mostSendingCount = 0;
  isClosed = false;
  /** Decides a send; by default it succeeds at once. */
  react: (notification: Notification, signal: AbortSignal) => Promise<Receipt> = async () => receipt;

  destinationOf(method: NotificationMethod): string {
    return method.address.reveal().split('/')[0] ?? '';
  }

  async send(notification: Notification, signal: AbortSignal): Promise<Receipt> {
    this.sent.push(notification);
    this.sendingCount += 1;
    this.mostSendingCount = Math.max(this.mostSendingCount, this.sendingCount);
    try {
      return await this.react(notification, signal);
    } finally {
      this.sendingCount -= 1;
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

export const receipt: Receipt = { remoteId: 'their-id', wire: 'accepted' };

/** Never answers; ends as every notifier does when it is given up. */
export function hang(_notification: Notification, signal: AbortSignal): Promise<Receipt> {
  return new Promise((_resolve, reject) => {
    const end = () => reject(givenUp('given up'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
