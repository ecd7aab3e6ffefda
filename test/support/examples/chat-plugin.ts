import type { Notification, NotificationMethod } from '../../../src/domain/notification.js';
import { HttpPost, httpDestination, parseHttpAddress } from '../../../src/notifiers/http-post.js';
import { refusal, statusText } from '../../../src/notifiers/http-status.js';
import { Section } from '../../../src/notifiers/section.js';
import type { Notifier, NotifierPlugin, Receipt, SectionKey } from '../../../src/ports/notifier.js';

/** Posts one line to the incoming webhook of a chat. Any 2xx is `sent`. */
export class ChatNotifier implements Notifier {
  readonly #http: Pick<HttpPost, 'post' | 'close'>;
  readonly #prefix: string;

  constructor(http: Pick<HttpPost, 'post' | 'close'>, prefix: string) {
    this.#http = http;
    this.#prefix = prefix;
  }

  destinationOf(method: NotificationMethod): string {
    return httpDestination(method.address.reveal());
  }

  async send({ id, alarm, method }: Notification, signal: AbortSignal): Promise<Receipt> {
    const url = parseHttpAddress(method.address.reveal());
    const text = `${this.#prefix}${alarm.newState}: ${alarm.alarmName}. ${alarm.stateChangeReason}`;
    const headers = { 'content-type': 'application/json', 'Idempotency-Key': id };
    const answer = await this.#http.post({ url, headers, body: JSON.stringify({ text }) }, signal);
    if (answer.status < 200 || answer.status > 299) throw refusal(url.host, answer);
    return { remoteId: undefined, wire: statusText(answer.status) };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

const keys: readonly SectionKey[] = [
  {
    key: 'timeout',
    type: 'seconds',
    default: 5,
    minimum: 0.1,
    maximum: 300,
    description: 'seconds in total for one post',
  },
  { key: 'prefix', type: 'text', default: '', description: 'put in front of every line' },
];

/** Type `chat`: the address is the URL of the chat's incoming webhook. Works without a section of its own. */
export const chatPlugin: NotifierPlugin = {
  type: 'chat',
  keys,
  configure(section) {
    const values = new Section(keys, section);
    if (values.problems.length > 0) return { kind: 'wrong', problems: values.problems };
    const timeoutMs = values.number('timeout') * 1000;
    const prefix = values.text('prefix') ?? '';
    return {
      kind: 'ready',
      warnings: [],
      open: ({ clock, http, senders }) =>
        new ChatNotifier(new HttpPost({ clock, rules: http, senders, timeoutMs }), prefix),
    };
  },
};
