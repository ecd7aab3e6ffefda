import type { Notification, NotificationMethod } from '../../domain/notification.js';
import type { Notifier, Receipt } from '../../ports/notifier.js';
import { alarmBody } from '../alarm-body.js';
import { type HttpPost, httpDestination, parseHttpAddress } from '../http-post.js';
import { refusal, statusText } from '../http-status.js';

/** Posts the alarm as JSON to the method's address. Any 2xx is `sent`; the answer's body says nothing. */
export class WebhookNotifier implements Notifier {
  readonly #http: HttpPost;

  constructor(http: HttpPost) {
    this.#http = http;
  }

  destinationOf(method: NotificationMethod): string {
    return httpDestination(method.address.reveal());
  }

  async send(notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const url = parseHttpAddress(notification.method.address.reveal());
    const headers = {
      'content-type': 'application/json',
      'webhook-id': notification.id,
      'Idempotency-Key': notification.id,
    };
    const answer = await this.#http.post({ url, headers, body: JSON.stringify(alarmBody(notification)) }, signal);
    if (answer.status < 200 || answer.status > 299) throw refusal(url.host, answer);
    return { remoteId: undefined, wire: statusText(answer.status) };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
