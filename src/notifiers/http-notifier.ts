import type { Notification, NotificationMethod } from '../domain/notification.js';
import type { MessageTexts, Notifier, PreviewPiece, Receipt } from '../ports/notifier.js';
import { type HttpPost, type HttpRequest, httpDestination } from './http-post.js';
import { type HttpAnswer, refusal, statusText } from './http-status.js';

/** What goes into a body, as plain data. */
export type MessageBody = Readonly<Record<string, unknown>>;

/** How one type of receiver is spoken to: one request, one answer, nothing kept in between. Pure. */
export interface HttpDialect {
  /** What shares one limit; absent: the host of the method's address. */
  destinationOf?(method: NotificationMethod): string;
  /** What is said, without address and credentials; `texts` stand in for the built-in ones. */
  messageOf(notification: Notification, texts: MessageTexts): MessageBody;
  /** The request that says it; JSON unless its headers say otherwise. @throws DeliveryError `bad_address`. */
  requestOf(notification: Notification, message: MessageBody): HttpRequest;
  /** What an answer means; absent: any 2xx is `sent`. @throws DeliveryError for whatever is not a receipt. */
  receiptOf?(host: string, answer: HttpAnswer): Receipt;
}

/** The receipt for any 2xx. @throws DeliveryError for every other status. */
export function receiptOf2xx(host: string, answer: HttpAnswer): Receipt {
  if (answer.status < 200 || answer.status > 299) throw refusal(host, answer);
  return { remoteId: undefined, wire: statusText(answer.status) };
}

/** A body for people to look at. */
export function previewOfBody(message: unknown): readonly PreviewPiece[] {
  return [{ name: 'body', text: JSON.stringify(message, undefined, 2) }];
}

/** Sends each notification as one POST in the words of its dialect. The notification id goes along as `Idempotency-Key`. */
export class HttpNotifier implements Notifier {
  readonly #http: Pick<HttpPost, 'post' | 'close'>;
  readonly #dialect: HttpDialect;

  constructor(http: Pick<HttpPost, 'post' | 'close'>, dialect: HttpDialect) {
    this.#http = http;
    this.#dialect = dialect;
  }

  destinationOf(method: NotificationMethod): string {
    return this.#dialect.destinationOf?.(method) ?? httpDestination(method.address.reveal());
  }

  async send(notification: Notification, signal: AbortSignal, texts: MessageTexts = {}): Promise<Receipt> {
    const message = this.#dialect.messageOf(notification, texts);
    const { url, headers, body } = this.#dialect.requestOf(notification, message);
    const all = { 'content-type': 'application/json', ...headers, 'Idempotency-Key': notification.id };
    const answer = await this.#http.post({ url, headers: all, body }, signal);
    return (this.#dialect.receiptOf ?? receiptOf2xx)(url.host, answer);
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
