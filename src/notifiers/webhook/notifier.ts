import type { Notification, NotificationMethod } from '../../domain/notification.js';
import type { Secret } from '../../domain/secret.js';
import type { MessageTexts, Notifier, Receipt, TemplatePart } from '../../ports/notifier.js';
import type { Clock } from '../../ports/system.js';
import { alarmBody } from '../alarm-body.js';
import { type HttpPost, httpDestination, parseHttpAddress } from '../http-post.js';
import { refusal, statusText } from '../http-status.js';
import { signatureHeaders } from './signature.js';

/** `body` is the whole JSON. */
export const webhookParts: readonly TemplatePart[] = [{ part: 'body', format: 'json' }];

/** Posts the alarm as JSON to the method's address, signed if there are secrets. Any 2xx is `sent`; the answer's body says nothing. */
export class WebhookNotifier implements Notifier {
  readonly #http: HttpPost;
  readonly #clock: Clock;
  readonly #secrets: readonly Secret[];

  constructor(http: HttpPost, clock: Clock, secrets: readonly Secret[]) {
    this.#http = http;
    this.#clock = clock;
    this.#secrets = secrets;
  }

  destinationOf(method: NotificationMethod): string {
    return httpDestination(method.address.reveal());
  }

  async send(notification: Notification, signal: AbortSignal, texts: MessageTexts = {}): Promise<Receipt> {
    const url = parseHttpAddress(notification.method.address.reveal());
    const body = texts.body ?? JSON.stringify(alarmBody(notification));
    const headers = {
      'content-type': 'application/json',
      'webhook-id': notification.id,
      'Idempotency-Key': notification.id,
      ...signatureHeaders(this.#secrets, notification.id, this.#clock.nowMs(), body),
    };
    const answer = await this.#http.post({ url, headers, body }, signal);
    if (answer.status < 200 || answer.status > 299) throw refusal(url.host, answer);
    return { remoteId: undefined, wire: statusText(answer.status) };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
